// What an archive that is being read has in it so far, and whether that may be extracted.
//
// Entries are admitted in any order, since frames are read in any; what can be said of one alone, or of two, is said
// then. What needs all of them is said at the end: that nothing lies in a file or a link, that symbolic links stay
// within the tree, also by way of one another, and that hard links name files that came before them.
//
// Threads: any for admit; the rest once all are in.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "archive/archive_types.hpp"
#include "base/status.hpp"

namespace windlass {

// Whether content of so many bytes in an archive of so many is more than the options allow. Errors: kNoSpace.
Status check_limits(const ArchiveLoadOptions& options, uint64_t raw_bytes, uint64_t archive_bytes);

// Whether there are more entries than the options allow. Errors: kNoSpace.
Status check_entry_limit(const ArchiveLoadOptions& options, uint64_t entries);

inline constexpr std::string_view kMeansHarm = "the archive is refused, since it may mean harm";
inline constexpr std::string_view kNotLoadable = "it could not be loaded again, so it is not archived";

// What a refusal is to those who save: what a load would refuse cannot be archived.
Status not_loadable(const Status& refusal);

class Catalogue {
 public:
  // verdict ends the message of what is refused.
  Catalogue(const ArchiveLoadOptions& options, uint64_t archive_bytes, std::string_view verdict = kMeansHarm) noexcept
      : options_(options), archive_bytes_(archive_bytes), verdict_(verdict) {}

  // An entry, its path checked, and its number in the archive. Errors: kCorrupt (it comes twice; a link that is
  // absolute, or not wanted); kUnsupported (its name differs from another's in case only); kNoSpace (a limit).
  Status admit(uint64_t number, const ArchiveEntry& entry);

  // All are in. Errors: kCorrupt.
  Status finish();

  // After finish(), in the archive's order.
  const std::vector<ArchiveEntry>& entries() const noexcept { return entries_; }
  uint64_t raw_bytes() const noexcept { return raw_bytes_; }

 private:
  struct Place {
    ArchiveEntryKind kind = ArchiveEntryKind::kFile;
    uint64_t number = 0;
    std::string target;
  };

  Status refused(std::string_view path, std::string_view why) const;
  Status check_link(const ArchiveEntry& entry) const;
  Status check_cases(std::string_view path);
  Status check_parents(std::string_view path) const;
  Status check_symbolic_link(std::string_view path, std::string_view target) const;

  const ArchiveLoadOptions& options_;
  const uint64_t archive_bytes_;
  const std::string_view verdict_;
  std::mutex mutex_;  // guards what follows until finish()
  std::unordered_map<std::string, Place> places_;
  std::unordered_map<std::string, std::string> folded_;  // paths in one case, and as they were written first
  std::unordered_set<std::string> known_;                // directories whose case is in order
  std::vector<std::pair<uint64_t, ArchiveEntry>> admitted_;
  std::vector<ArchiveEntry> entries_;
  uint64_t raw_bytes_ = 0;
};

}  // namespace windlass
