// A directory that is being filled from an archive, and has its name once all is there.
//
// Until then it is a part beside its place, which only its owner can enter. Nothing is opened by way of a link, and
// everything is new: what exists already is an error. Links are made last, so that there is none to follow.
//
// Threads: any for what takes a Hand, each with one of its own; the rest one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/archive_types.hpp"
#include "archive/part.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

class TargetTree {
 public:
  // For create().
  TargetTree(FileCalls& calls, NamedPlace place, bool durable, bool each_file) noexcept
      : calls_(calls), place_(std::move(place)), durable_(durable), each_file_(each_file) {}

  // What a thread has open: the directory that it was in last.
  struct Hand {
    std::string path;
    OwnedDescriptor directory;
  };

  // each_file: every file is brought to the disk by itself, as it is finished; else the file system as a whole, at the
  // end. Neither is, if it is not durable. Errors: kState (the path exists); of open_place.
  static Result<std::unique_ptr<TargetTree>> create(FileCalls& calls, const std::string& path, bool durable,
                                                    bool each_file);

  // Removes what is there, unless it was published.
  ~TargetTree();
  TargetTree(const TargetTree&) = delete;
  TargetTree& operator=(const TargetTree&) = delete;

  // On the file system that is written to.
  int descriptor() const noexcept { return root_.number(); }
  const std::string& path() const noexcept { return place_.path; }

  // A new file, empty, in directories that are made where there are none. Errors: kCorrupt (what is there is in the
  // way); of file_failure.
  Result<OwnedDescriptor> create_file(Hand& hand, const std::string& path, uint32_t mode);
  Status write(int file, std::span<const std::byte> bytes, uint64_t offset, const std::string& path);
  Status finish_file(int file, uint32_t mode, const std::string& path);
  Status make_directory(Hand& hand, const std::string& path);

  // All files are there: makes the links, gives directories their permissions, and brings everything to the disk.
  Status finish(const std::vector<ArchiveEntry>& entries);

  // Gives it its name. Errors: kState (somebody else has taken it); of file_failure.
  Status publish();

 private:
  Status make_part();
  Status close_to_others();
  Status enter(Hand& hand, std::string_view path);
  Status make_parents(std::string_view path);
  Status make_link(Hand& hand, const ArchiveEntry& entry);
  Status set_directory_modes(const std::vector<ArchiveEntry>& entries);
  Status sync_directories(const std::vector<ArchiveEntry>& entries);
  Status failure(int cause, std::string_view action, std::string_view path) const;

  FileCalls& calls_;
  const NamedPlace place_;
  const bool durable_;
  const bool each_file_;
  std::string part_;  // empty once it is published
  OwnedDescriptor root_;
  uint32_t withheld_mode_ = 0;  // what files do not get of their permissions when they are made
};

}  // namespace windlass
