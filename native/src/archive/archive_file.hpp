// An archive that is there, open to be read: what kind it is, its index and its seal.
//
// Its bytes are read into memory before they are checked, and used from there, so that nobody can change what was
// checked.
//
// Threads: any, once it is open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive_index.hpp"
#include "archive/archive_types.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

class ArchiveFile {
 public:
  // For open().
  ArchiveFile(FileCalls& calls, std::string path) noexcept : calls_(calls), path_(std::move(path)) {}

  // writable: a seal will be added. Errors: kNotFound; kPermission; kCorrupt; kUnsupported (gzip); kIo.
  static Result<std::unique_ptr<ArchiveFile>> open(FileCalls& calls, const std::string& path, bool writable = false);

  ArchiveFormat format() const noexcept { return format_; }
  // Of the archive, without its seal.
  uint64_t bytes() const noexcept { return bytes_; }
  uint64_t file_bytes() const noexcept { return file_bytes_; }
  // Where the format is kWindlass.
  const CheckedIndex& index() const noexcept { return index_; }
  const std::optional<std::vector<std::byte>>& seal() const noexcept { return seal_; }

  // Fills the target. Errors: kCorrupt (it has become shorter); kIo.
  Status read(std::span<std::byte> target, uint64_t offset) const;

  // Errors: kState (it has one, or no index); kInvalidArgument; of file_failure.
  Status append_seal(std::span<const std::byte> seal);

 private:
  Status find_index();
  Status find_format();
  Result<std::vector<std::byte>> read_all(uint64_t offset, uint64_t bytes) const;

  FileCalls& calls_;
  const std::string path_;
  OwnedDescriptor file_;
  ArchiveFormat format_ = ArchiveFormat::kWindlass;
  uint64_t file_bytes_ = 0;
  uint64_t bytes_ = 0;
  std::vector<std::byte> index_frame_;
  CheckedIndex index_;
  std::optional<std::vector<std::byte>> seal_;
};

}  // namespace windlass
