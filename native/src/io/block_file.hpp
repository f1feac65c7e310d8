// A file that is read and written in large blocks, past the page cache where the file system has direct transfers.
//
// It is created in a directory that its owner holds open, for this user alone (mode 0600 whatever the umask), never
// through a symbolic link, and never in place of a file that is there. It gets its space before its first byte.
//
// Threads: one, save for descriptor(), through which any number may transfer at once.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

// A directory that is open; the owner keeps it so.
struct Folder {
  int descriptor = -1;
  std::string path;
};

// Tells whether a file is still the one it was.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// Owns: a descriptor.
class BlockFile {
 public:
  // Makes a new file. direct asks for direct transfers, which are had where direct() says so. On an error there is no
  // file. Errors: kPermission; kNotFound; kNoSpace; kIo.
  static Result<BlockFile> create(FileCalls& calls, const Folder& folder, const std::string& name, bool direct);

  // Opens the file that was created there. Errors: kNotFound (it is gone); kPermission (another is in its place); kIo.
  static Result<BlockFile> open(FileCalls& calls, const Folder& folder, const std::string& name, bool direct,
                                const FileIdentity& identity);

  BlockFile() noexcept = default;
  ~BlockFile() { close(); }
  BlockFile(BlockFile&& other) noexcept { *this = std::move(other); }
  BlockFile& operator=(BlockFile&& other) noexcept;
  BlockFile(const BlockFile&) = delete;
  BlockFile& operator=(const BlockFile&) = delete;

  bool is_open() const noexcept { return descriptor_ >= 0; }
  int descriptor() const noexcept { return descriptor_; }
  const std::string& path() const noexcept { return path_; }
  const FileIdentity& identity() const noexcept { return identity_; }

  // Whether transfers go past the page cache. Offsets, sizes and addresses are then multiples of alignment_bytes().
  bool direct() const noexcept { return direct_; }
  uint64_t alignment_bytes() const noexcept { return alignment_bytes_; }

  // Makes the file at least as long, with space for all of it; on an error it is as before. Errors: kNoSpace, which
  // says how much is missing; kIo.
  Status reserve(uint64_t bytes);
  Status truncate(uint64_t bytes);
  uint64_t bytes() const noexcept { return bytes_; }

  // Waits until what was written is on the device. Errors: kNoSpace; kIo.
  Status sync();

  void close() noexcept;

  // What to say of a transfer that failed.
  Status failure(int cause, const char* action, uint64_t offset) const;

 private:
  Status examine(bool direct);
  bool accepts_direct_reads() const noexcept;
  Status check_space(uint64_t wanted_bytes) const;

  FileCalls* calls_ = nullptr;
  int descriptor_ = -1;
  std::string path_;
  FileIdentity identity_;
  uint64_t bytes_ = 0;
  uint64_t alignment_bytes_ = 1;
  bool direct_ = false;
};

}  // namespace windlass
