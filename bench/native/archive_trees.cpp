#include "archive_trees.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

#include "base/owned_descriptor.hpp"
#include "base/text.hpp"
#include "command.hpp"
#include "measure.hpp"

namespace windlass::bench {

namespace {

namespace fs = std::filesystem;

std::string source_of_small_files() {
  const char* const named = std::getenv("WINDLASS_BENCH_TREE");  // NOLINT(concurrency-mt-unsafe): only read
  return named != nullptr ? named : "/usr/include";
}

// The largest first, each content's name once.
std::vector<fs::path> largest_files(uint64_t bytes) {
  std::vector<std::pair<uint64_t, fs::path>> found;
  std::error_code ignored;
  fs::recursive_directory_iterator walk("/usr/lib", fs::directory_options::skip_permission_denied, ignored);
  for (const fs::directory_entry& entry : walk) {
    if (!entry.is_symlink(ignored) && entry.is_regular_file(ignored)) {
      found.emplace_back(entry.file_size(ignored), entry.path());
    }
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> chosen;
  std::set<fs::path> names;
  uint64_t sum = 0;
  for (const auto& [size, path] : found) {
    if (sum + size > bytes || !names.insert(path.filename()).second) continue;
    sum += size;
    chosen.push_back(path);
  }
  return chosen;
}

}  // namespace

Result<std::shared_ptr<ArchiveTree>> ArchiveTree::make(Kind kind, uint64_t bytes) {
  auto made = std::make_shared<ArchiveTree>(text(bench_directory(), "/windlass-bench-archive-", getpid()));
  if (Status filled = made->fill(kind, bytes); !filled.ok()) return filled;
  return made;
}

Status ArchiveTree::fill(Kind kind, uint64_t bytes) {
  std::error_code failed;
  fs::create_directories(tree(), failed);
  if (failed) return Status::error(Code::kIo, text(folder_, " cannot be made: ", failed.message()), failed.value());
  if (kind == Kind::kSmallFiles) {
    // Its files, as links may lead out of it.
    const Result<Cost> copied =
        run_command(text("cd ", quoted(source_of_small_files()),
                         "; find . -type f -print0 | tar --null -T - -c | tar -x -C ", quoted(tree())));
    if (!copied.ok()) return copied.status();
  } else {
    for (const fs::path& path : largest_files(bytes)) fs::copy_file(path, fs::path(tree()) / path.filename(), failed);
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(tree())) {
    if (!entry.is_regular_file()) continue;
    bytes_ += entry.file_size();
    ++files_;
  }
  if (files_ == 0) return Status::error(Code::kNotFound, "there are no files to archive below /usr/lib");
  return Status();
}

ArchiveTree::~ArchiveTree() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void ArchiveTree::clear(const std::string& name) const {
  std::error_code ignored;
  fs::remove_all(path(name), ignored);
  const OwnedDescriptor folder(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  syncfs(folder.number());
}

}  // namespace windlass::bench
