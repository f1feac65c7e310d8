// The tar format: what we write of it, and what we take of it from others.
//
// We write ustar headers, with pax records before them where a path, a link or a size does not fit, and begin with a
// pax comment that says that an index follows. We read these, old headers, and GNU's for long names. What is read is
// not believed here: paths are as they are written, and checked by entry_path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/archive_types.hpp"
#include "base/status.hpp"

namespace windlass {

inline constexpr uint64_t kTarBlockBytes = 512;
inline constexpr uint64_t kTarEndBytes = 2 * kTarBlockBytes;

// What a file's content takes, with the zeros behind it.
constexpr uint64_t tar_padded(uint64_t bytes) noexcept { return round_up(bytes, kTarBlockBytes); }

// An entry's headers. marked: they begin with the comment.
std::vector<std::byte> tar_header(const ArchiveEntry& entry, bool marked);

// Bytes in their order.
class ByteSource {
 public:
  ByteSource() = default;
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Fills the target. Errors: kCorrupt (it ends before).
  virtual Status read(std::span<std::byte> target) = 0;
};

// Those that lie in memory.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}
  Status read(std::span<std::byte> target) override;
  std::span<const std::byte> rest() const noexcept { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

struct TarHeader {
  ArchiveEntry entry;
  uint64_t header_bytes = 0;
};

// Reads headers, one entry's after the other; the caller reads what is between them.
class TarReader {
 public:
  // Nothing at the end, which is two blocks of zeros. Errors: kCorrupt; kUnsupported (sparse files and the like).
  Result<std::optional<TarHeader>> next(ByteSource& source);

  // Whether the comment that says that an index follows was there.
  bool marked() const noexcept { return marked_; }

 private:
  struct Extension {
    std::optional<std::string> path;
    std::optional<std::string> target;
    std::optional<uint64_t> bytes;
  };

  Status take_extension(char type, uint64_t bytes, ByteSource& source, Extension& extension);
  Status take_records(std::string_view records, bool global, Extension& extension);

  bool marked_ = false;
};

}  // namespace windlass
