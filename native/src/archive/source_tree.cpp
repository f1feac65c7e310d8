#include "archive/source_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <string_view>

#include "archive/catalogue.hpp"
#include "archive/entry_path.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

struct CloseSource {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};

int64_t nanoseconds(const statx_timestamp& time) noexcept { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

SourceStamp stamp_of(const struct statx& found) noexcept {
  return {.inode = found.stx_ino,
          .bytes = found.stx_size,
          .modified_ns = nanoseconds(found.stx_mtime),
          .changed_ns = nanoseconds(found.stx_ctime)};
}

bool is_same_entry(const SourceEntry& one, const SourceEntry& other) noexcept {
  return one.entry.kind == other.entry.kind && one.entry.path == other.entry.path &&
         one.entry.mode == other.entry.mode && one.entry.target == other.entry.target && one.stamp == other.stamp;
}

// What a load would refuse is not saved. How far it shrinks is not known yet.
Status check_loadable(const std::vector<SourceEntry>& found, ArchiveLoadOptions options) {
  options.most_ratio = std::numeric_limits<double>::max();
  Catalogue catalogue(options, 1, kNotLoadable);
  for (uint64_t number = 0; number < found.size(); ++number) {
    Status fine = catalogue.admit(number, found[number].entry);
    if (fine.ok() && found[number].entry.path.size() > kMostPathBytes) {
      fine = Status::error(Code::kUnsupported, text("\"", found[number].entry.path.substr(0, 100),
                                                    "…\" is a path longer than 4095 bytes, which is not archived"));
    }
    if (!fine.ok()) return not_loadable(fine);
  }
  return not_loadable(catalogue.finish());
}

}  // namespace

Result<std::unique_ptr<SourceTree>> SourceTree::open(FileCalls& calls, const std::string& path,
                                                     const ArchiveLoadOptions& loadable_with) {
  auto tree = std::make_unique<SourceTree>(calls, path, loadable_with);
  const int opened = calls.open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (opened < 0) return file_failure(-opened, "open the directory", path);
  tree->root_ = OwnedDescriptor(opened);
  return tree;
}

Status SourceTree::changed(const std::string& path) const {
  return Status::error(Code::kConflict, text(path_, "/", path,
                                             " has changed while it was archived; try again when nobody writes there"));
}

Result<SourceEntry> SourceTree::look_at(int directory, const std::string& name, const std::string& path) const {
  struct statx found {};
  const int result = calls_.status_at(directory, name.c_str(), &found);
  if (result == -ENOENT) return changed(path);
  if (result < 0) return file_failure(-result, "look at", text(path_, "/", path));
  SourceEntry made;
  made.entry.path = path;
  if (S_ISREG(found.stx_mode)) {
    made.entry.kind = ArchiveEntryKind::kFile;
    made.entry.bytes = found.stx_size;
    made.stamp = stamp_of(found);
  } else if (S_ISDIR(found.stx_mode)) {
    made.entry.kind = ArchiveEntryKind::kDirectory;
  } else if (S_ISLNK(found.stx_mode)) {
    made.entry.kind = ArchiveEntryKind::kSymbolicLink;
    made.entry.target.resize(kMostPathBytes + 1);
    const ssize_t length = readlinkat(directory, name.c_str(), made.entry.target.data(), made.entry.target.size());
    if (length < 0) return changed(path);
    made.entry.target.resize(static_cast<size_t>(length));
  } else {
    return Status::error(
        Code::kUnsupported,
        text(path_, "/", path, " is a device, a pipe or a socket, which cannot be archived; remove it"));
  }
  made.entry.mode = saved_mode(made.entry.kind, found.stx_mode);
  return made;
}

Status SourceTree::list_directory(const std::string& path, std::vector<SourceEntry>& found) const {
  const int opened = calls_.open_beneath(root_.number(), path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (opened == -ENOENT || opened == -ELOOP || opened == -ENOTDIR) return changed(path);
  if (opened < 0) return file_failure(-opened, "open the directory", text(path_, "/", path));
  const std::unique_ptr<DIR, CloseSource> listed(fdopendir(opened));
  if (listed == nullptr) {
    const OwnedDescriptor closed(opened);
    return file_failure(errno, "list", text(path_, "/", path));
  }
  while (true) {
    errno = 0;
    const dirent* const entry = readdir(listed.get());  // NOLINT(concurrency-mt-unsafe): the stream is ours alone
    if (entry == nullptr) return errno == 0 ? Status() : file_failure(errno, "list", text(path_, "/", path));
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    Result<SourceEntry> made = look_at(dirfd(listed.get()), name, path.empty() ? name : text(path, "/", name));
    if (!made.ok()) return made.status();
    found.push_back(*std::move(made));
  }
}

Result<std::vector<SourceEntry>> SourceTree::list(const WorkState& work) const {
  struct statx own {};
  if (const int result = calls_.status(root_.number(), &own); result < 0) {
    return file_failure(-result, "look at", path_);
  }
  SourceEntry root;
  root.entry.kind = ArchiveEntryKind::kDirectory;
  root.entry.mode = saved_mode(ArchiveEntryKind::kDirectory, own.stx_mode);
  std::vector<SourceEntry> found{std::move(root)};
  for (size_t at = 0; at < found.size(); ++at) {
    if (found[at].entry.kind != ArchiveEntryKind::kDirectory) continue;
    if (Status going = work.check(); !going.ok()) return going;
    const std::string path = found[at].entry.path;
    if (Status listed = list_directory(path, found); !listed.ok()) return listed;
  }
  std::sort(found.begin(), found.end(),
            [](const SourceEntry& one, const SourceEntry& other) { return one.entry.path < other.entry.path; });
  if (Status loadable = check_loadable(found, loadable_with_); !loadable.ok()) return loadable;
  return found;
}

Status SourceTree::read(const SourceEntry& file, uint64_t offset, std::span<std::byte> target) const {
  const std::string& path = file.entry.path;
  const int opened = calls_.open_beneath(root_.number(), path.c_str(), O_RDONLY | O_NONBLOCK, 0);
  if (opened == -ENOENT || opened == -ELOOP || opened == -ENOTDIR) return changed(path);
  if (opened < 0) return file_failure(-opened, "open", text(path_, "/", path));
  const OwnedDescriptor descriptor(opened);
  struct statx found {};
  int result = calls_.status(opened, &found);
  if (result == 0 && stamp_of(found) != file.stamp) return changed(path);
  while (result == 0 && !target.empty()) {
    const int64_t count = calls_.read_at(opened, target.data(), target.size(), offset);
    if (count == 0) return changed(path);
    if (count < 0) {
      result = static_cast<int>(count);
      break;
    }
    target = target.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  if (result == 0) result = calls_.status(opened, &found);
  if (result < 0) return file_failure(-result, "read", text(path_, "/", path));
  return stamp_of(found) == file.stamp ? Status() : changed(path);
}

Status SourceTree::check_unchanged(const std::vector<SourceEntry>& listed, const WorkState& work) const {
  const Result<std::vector<SourceEntry>> now = list(work);
  if (!now.ok()) return now.status();
  const auto [one, other] = std::mismatch(listed.begin(), listed.end(), now->begin(), now->end(), is_same_entry);
  if (one != listed.end()) return changed(one->entry.path);
  if (other != now->end()) return changed(other->entry.path);
  return Status();
}

}  // namespace windlass
