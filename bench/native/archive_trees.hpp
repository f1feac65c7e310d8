// Real trees of files, copied to where the benchmarks have theirs, to be archived.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/status.hpp"

namespace windlass::bench {

// A folder of this process's own, with the tree in it; it goes with all that is in it.
class ArchiveTree {
 public:
  enum class Kind { kSmallFiles, kLargeFiles };

  // For make().
  explicit ArchiveTree(std::string folder) : folder_(std::move(folder)) {}

  // Small files: those of WINDLASS_BENCH_TREE, or /usr/include. Large ones: the largest below /usr/lib, until they are
  // so many bytes. Errors: kLibrary; kNotFound (there are none).
  static Result<std::shared_ptr<ArchiveTree>> make(Kind kind, uint64_t bytes);

  ~ArchiveTree();
  ArchiveTree(const ArchiveTree&) = delete;
  ArchiveTree& operator=(const ArchiveTree&) = delete;

  std::string tree() const { return folder_ + "/tree"; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  uint64_t bytes() const noexcept { return bytes_; }
  uint64_t files() const noexcept { return files_; }

  // Removes what has this name, and brings everything to the disk, so that no side pays for another.
  void clear(const std::string& name) const;

 private:
  Status fill(Kind kind, uint64_t bytes);

  const std::string folder_;
  uint64_t bytes_ = 0;
  uint64_t files_ = 0;
};

}  // namespace windlass::bench
