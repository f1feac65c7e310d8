// What an archive has in it, and what jobs on archives are told and tell.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/sha256.hpp"

namespace windlass {

enum class ArchiveEntryKind : uint8_t { kFile = 0, kDirectory = 1, kSymbolicLink = 2, kHardLink = 3 };

enum class ArchiveFormat : int32_t { kWindlass = 0, kZstdTar = 1, kTar = 2 };

// path is relative, with slashes, without one at its end; that of the tree's own directory is empty.
struct ArchiveEntry {
  ArchiveEntryKind kind = ArchiveEntryKind::kFile;
  uint32_t mode = 0;  // permissions
  uint64_t bytes = 0;
  std::string path = std::string();
  std::string target = std::string();  // of links
};

inline constexpr uint64_t kUsualFrameBytes = 8 * kMiB;
inline constexpr uint64_t kLeastFrameBytes = 64 * kKiB;
inline constexpr uint64_t kMostFrameBytes = 64 * kMiB;
inline constexpr uint64_t kMostNoteBytes = kMiB;
inline constexpr uint64_t kMostSealBytes = 64 * kKiB;
inline constexpr uint32_t kMostPathBytes = 4095;
// Of archives without an index, which would say beforehand how much they grow to; see free_of_ratio_bytes.
inline constexpr uint64_t kStreamFreeOfRatioBytes = 64 * kMiB;

struct ArchiveLoadOptions {
  uint32_t threads = 0;
  uint64_t most_bytes = uint64_t{1} << 40U;
  uint64_t most_entries = 1'000'000;
  double most_ratio = 200;
  uint64_t free_of_ratio_bytes = kGiB;  // so many bytes of files are never too many by their ratio alone
  uint64_t spare_bytes = 0;
  std::optional<Digest> expected_root;
  bool durable = true;
  bool allow_case_collisions = false;
  bool refuse_links = false;
  bool keep_entries = false;
};

struct ArchiveSaveOptions {
  int level = 3;
  uint32_t threads = 0;  // 0: archive_threads()
  bool sealable = false;
  uint64_t frame_bytes = kUsualFrameBytes;
  uint64_t limit_bytes = std::numeric_limits<uint64_t>::max();
  uint64_t spare_bytes = 0;
  std::vector<std::byte> note;
  ArchiveLoadOptions loadable_with;  // what a load with these would refuse is not saved
};

struct ArchiveReport {
  ArchiveFormat format = ArchiveFormat::kWindlass;
  uint64_t entries = 0;
  uint64_t raw_bytes = 0;
  uint64_t archive_bytes = 0;
  uint64_t duration_ns = 0;
  Digest root{};
};

// As many threads as pay, where it was left to us.
uint32_t archive_threads(uint32_t asked) noexcept;

}  // namespace windlass
