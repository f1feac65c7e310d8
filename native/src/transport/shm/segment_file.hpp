// A volume's segment: a file in memory, which clients map to move bytes without copying them over a socket.
//
// The volume creates it: sized once and sealed, so that nobody can make it shorter under somebody else's feet; with all
// of its pages present. A client maps ranges of it through a descriptor that it was given, after checking that the file
// is what it must be.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "transport/transport.hpp"

namespace windlass {

// Owns: a range of a file as memory. Its pages are mapped with it.
class MappedRange {
 public:
  MappedRange() noexcept = default;
  ~MappedRange() { reset(); }
  MappedRange(MappedRange&& other) noexcept
      : mapped_(std::exchange(other.mapped_, nullptr)),
        mapped_bytes_(std::exchange(other.mapped_bytes_, 0)),
        address_(std::exchange(other.address_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  MappedRange& operator=(MappedRange&& other) noexcept {
    std::swap(mapped_, other.mapped_);
    std::swap(mapped_bytes_, other.mapped_bytes_);
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  MappedRange(const MappedRange&) = delete;
  MappedRange& operator=(const MappedRange&) = delete;

  std::byte* address() const noexcept { return address_; }
  uint64_t bytes() const noexcept { return bytes_; }
  void reset() noexcept;

 private:
  friend class MappableFile;

  void* mapped_ = nullptr;  // from the page in which the range begins
  uint64_t mapped_bytes_ = 0;
  std::byte* address_ = nullptr;
  uint64_t bytes_ = 0;
};

// A descriptor that is known to stand for a segment.
class MappableFile {
 public:
  // Looks at what the descriptor stands for. Errors: kCorrupt (no file in memory, not sealed against shrinking, or not
  // open for the purpose).
  static Result<MappableFile> check(OwnedDescriptor descriptor, MapFor purpose);

  uint64_t bytes() const noexcept { return bytes_; }

  // Maps a range. populate: no access faults afterwards. Errors: kInvalidArgument (outside the file); kNoMemory (no
  // addresses or mappings left).
  Result<MappedRange> map(uint64_t offset, uint64_t bytes, bool populate) const;

 private:
  MappableFile(OwnedDescriptor descriptor, uint64_t bytes, MapFor purpose) noexcept
      : descriptor_(std::move(descriptor)), bytes_(bytes), purpose_(purpose) {}

  OwnedDescriptor descriptor_;
  uint64_t bytes_;
  MapFor purpose_;
};

// The creator's end: the file, all of it mapped for writing.
class SegmentFile {
 public:
  // A sealed file of so many bytes, all of its pages present and zero. Errors: kInvalidArgument (bytes is 0 or no
  // multiple of kHugePageBytes); kNoMemory; kIo. Blocks: for the populating, which workers share.
  static Result<std::shared_ptr<SegmentFile>> create(uint64_t bytes, WorkerPool& workers);

  SegmentFile(OwnedDescriptor descriptor, std::byte* address, uint64_t bytes) noexcept
      : descriptor_(std::move(descriptor)), address_(address), bytes_(bytes) {}
  ~SegmentFile();
  SegmentFile(const SegmentFile&) = delete;
  SegmentFile& operator=(const SegmentFile&) = delete;

  std::byte* address() const noexcept { return address_; }
  uint64_t bytes() const noexcept { return bytes_; }

  // A descriptor to pass on. One for reading cannot be mapped for writing. Errors: kNoMemory (too many open files);
  // kIo (/proc is not there to open it anew).
  Result<OwnedDescriptor> descriptor(MapFor purpose) const;

  // Gives the pages back to the machine even if somebody still has a descriptor; who has it mapped reads zeros. For a
  // segment in which there is nothing any more.
  void discard() noexcept;

 private:
  const OwnedDescriptor descriptor_;
  std::byte* const address_;
  const uint64_t bytes_;
};

}  // namespace windlass
