// A directory that is to be archived: what is in it, and whether it is still the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive_types.hpp"
#include "archive/work_state.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

// What shows that a file has changed.
struct SourceStamp {
  uint64_t inode = 0;
  uint64_t bytes = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  friend bool operator==(const SourceStamp&, const SourceStamp&) = default;
};

struct SourceEntry {
  ArchiveEntry entry;  // with the mode that is saved
  SourceStamp stamp;   // of files
};

// Threads: any, for read; one at a time for the rest.
class SourceTree {
 public:
  // For open().
  SourceTree(FileCalls& calls, std::string path, ArchiveLoadOptions loadable_with) noexcept
      : calls_(calls), path_(std::move(path)), loadable_with_(std::move(loadable_with)) {}

  // loadable_with: what a load with these would refuse cannot be kept. Errors: of file_failure.
  static Result<std::unique_ptr<SourceTree>> open(FileCalls& calls, const std::string& path,
                                                  const ArchiveLoadOptions& loadable_with = {});

  // All that is in it, sorted by paths, the tree's own directory first. Errors: kConflict (something went meanwhile);
  // kUnsupported (what cannot be kept); kState (cancelled); of file_failure.
  Result<std::vector<SourceEntry>> list(const WorkState& work) const;

  // Fills the target from a file. Errors: kConflict (it is not what was listed); of file_failure.
  Status read(const SourceEntry& file, uint64_t offset, std::span<std::byte> target) const;

  // Whether all is as it was listed. Errors: kConflict; those of list.
  Status check_unchanged(const std::vector<SourceEntry>& listed, const WorkState& work) const;

 private:
  Status list_directory(const std::string& path, std::vector<SourceEntry>& found) const;
  Result<SourceEntry> look_at(int directory, const std::string& name, const std::string& path) const;
  Status changed(const std::string& path) const;

  FileCalls& calls_;
  const std::string path_;
  const ArchiveLoadOptions loadable_with_;
  OwnedDescriptor root_;
};

}  // namespace windlass
