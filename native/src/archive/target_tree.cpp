#include "archive/target_tree.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "archive/entry_path.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr mode_t kOwnersAloneDirectory = 0700;
constexpr uint32_t kUsualMode = 0755;
constexpr int kMostNames = 8;

Status name_taken(const std::string& path) {
  return Status::error(Code::kState, text(path, " exists already; remove it first, or choose another name"));
}

}  // namespace

Result<std::unique_ptr<TargetTree>> TargetTree::create(FileCalls& calls, const std::string& path, bool durable,
                                                       bool each_file) {
  Result<NamedPlace> place = open_place(calls, path);
  if (!place.ok()) return place.status();
  Result<bool> exists = exists_at(calls, *place);
  if (!exists.ok()) return exists.status();
  if (*exists) return name_taken(place->path);
  auto tree = std::make_unique<TargetTree>(calls, *std::move(place), durable, each_file);
  sweep_parts(calls, tree->place_.directory.number());
  if (Status made = tree->make_part(); !made.ok()) return made;
  return tree;
}

Status TargetTree::make_part() {
  const int parent = place_.directory.number();
  for (int tried = 0; tried < kMostNames; ++tried) {
    const std::string name = fresh_part_name();
    if (const int made = calls_.make_directory(parent, name.c_str(), kUsualMode); made < 0) {
      return file_failure(-made, "make a directory beside", place_.path);
    }
    const int opened = calls_.open_beneath(parent, name.c_str(), O_RDONLY | O_DIRECTORY, 0);
    // Another may take it for nobody's until it is locked.
    if (opened == -ENOENT) continue;
    part_ = name;
    if (opened < 0) return file_failure(-opened, "open the directory made beside", place_.path);
    root_ = OwnedDescriptor(opened);
    if (lock_part(calls_, opened, parent, name)) return close_to_others();
    // Swept away, or the system does not say; nobody else has the name.
    root_.reset();
    remove_tree(calls_, parent, std::exchange(part_, {}));
  }
  return Status::error(Code::kConflict, text("directories made beside ", place_.path, " are swept away; try again"));
}

// Also finds out which permissions the system takes from what is made here, by umask or by an access control list.
Status TargetTree::close_to_others() {
  struct statx found {};
  int result = calls_.status(root_.number(), &found);
  if (result == 0) result = calls_.set_mode(root_.number(), kOwnersAloneDirectory);
  if (result < 0) return file_failure(-result, "set the permissions of the directory made beside", place_.path);
  withheld_mode_ = kUsualMode & ~static_cast<uint32_t>(found.stx_mode);
  return Status();
}

TargetTree::~TargetTree() {
  if (!part_.empty()) remove_tree(calls_, place_.directory.number(), part_);
}

Status TargetTree::failure(int cause, std::string_view action, std::string_view path) const {
  if (cause == EEXIST || cause == ELOOP || cause == ENOTDIR || cause == EXDEV || cause == EISDIR) {
    return Status::error(Code::kCorrupt,
                         text("\"", path, "\" lies where the archive has put something else: it is refused, since it ",
                              "may mean harm, or the file system cannot tell its names apart"),
                         cause);
  }
  return file_failure(cause, action, text(place_.path, "/", path));
}

// Opens the directory for what comes next in it.
Status TargetTree::enter(Hand& hand, std::string_view path) {
  if (hand.directory.valid() && hand.path == path) return Status();
  const std::string wanted = path.empty() ? "." : std::string(path);
  int opened = calls_.open_beneath(root_.number(), wanted.c_str(), O_PATH | O_DIRECTORY, 0);
  if (opened == -ENOENT) {
    if (Status made = make_parents(path); !made.ok()) return made;
    opened = calls_.open_beneath(root_.number(), wanted.c_str(), O_PATH | O_DIRECTORY, 0);
  }
  if (opened < 0) return failure(-opened, "open the directory", path);
  hand.directory = OwnedDescriptor(opened);
  hand.path = path;
  return Status();
}

// The directory and those that it lies in.
Status TargetTree::make_parents(std::string_view path) {
  OwnedDescriptor at;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string name(path.substr(begin, end - begin));
    const int directory = at.valid() ? at.number() : root_.number();
    const int made = calls_.make_directory(directory, name.c_str(), kOwnersAloneDirectory);
    if (made < 0 && made != -EEXIST) return failure(-made, "make the directory", path.substr(0, end));
    const int opened = calls_.open_beneath(directory, name.c_str(), O_PATH | O_DIRECTORY, 0);
    if (opened < 0) return failure(-opened, "open the directory", path.substr(0, end));
    at = OwnedDescriptor(opened);
    begin = end + 1;
  }
  return Status();
}

Result<OwnedDescriptor> TargetTree::create_file(Hand& hand, const std::string& path, uint32_t mode) {
  if (Status entered = enter(hand, parent_of(path)); !entered.ok()) return entered;
  const std::string name(name_of(path));
  const int opened =
      calls_.open_at(hand.directory.number(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (opened < 0) return failure(-opened, "create the file", path);
  return OwnedDescriptor(opened);
}

Status TargetTree::write(int file, std::span<const std::byte> bytes, uint64_t offset, const std::string& path) {
  const uint64_t begin = offset;
  while (!bytes.empty()) {
    const int64_t count = calls_.write_at(file, bytes.data(), bytes.size(), offset);
    if (count < 0) return failure(static_cast<int>(-count), "write", path);
    bytes = bytes.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  if (durable_) calls_.begin_sync(file, begin, offset - begin);
  return Status();
}

Status TargetTree::finish_file(int file, uint32_t mode, const std::string& path) {
  if ((mode & withheld_mode_) != 0) {
    if (const int set = calls_.set_mode(file, mode); set < 0) return failure(-set, "set the permissions of", path);
  }
  if (!durable_ || !each_file_) return Status();
  const int synced = calls_.sync(file);
  return synced < 0 ? failure(-synced, "bring to the disk", path) : Status();
}

Status TargetTree::make_directory(Hand& hand, const std::string& path) {
  if (Status entered = enter(hand, parent_of(path)); !entered.ok()) return entered;
  const std::string name(name_of(path));
  const int made = calls_.make_directory(hand.directory.number(), name.c_str(), kOwnersAloneDirectory);
  // Something in it may have come before it. Whether it is a directory is seen when it is entered.
  return made < 0 && made != -EEXIST ? failure(-made, "make the directory", path) : Status();
}

Status TargetTree::make_link(Hand& hand, const ArchiveEntry& entry) {
  if (Status entered = enter(hand, parent_of(entry.path)); !entered.ok()) return entered;
  const std::string name(name_of(entry.path));
  const int directory = hand.directory.number();
  if (entry.kind == ArchiveEntryKind::kSymbolicLink) {
    const int made = calls_.make_symbolic_link(entry.target.c_str(), directory, name.c_str());
    return made < 0 ? failure(-made, "make the link", entry.path) : Status();
  }
  Hand other;
  if (Status entered = enter(other, parent_of(entry.target)); !entered.ok()) return entered;
  const std::string from(name_of(entry.target));
  const int made = calls_.make_hard_link(other.directory.number(), from.c_str(), directory, name.c_str());
  if (made == -EPERM || made == -EOPNOTSUPP || made == -ENOSYS) {
    return Status::error(Code::kUnsupported,
                         text("\"", entry.path, "\" is a hard link to \"", entry.target, "\", and the file system of ",
                              place_.path, " has none; load the archive to another one"));
  }
  return made < 0 ? failure(-made, "make the link", entry.path) : Status();
}

Status TargetTree::finish(const std::vector<ArchiveEntry>& entries) {
  Hand hand;
  // Hard links first: none of them may be found by way of a symbolic one.
  for (const ArchiveEntryKind kind : {ArchiveEntryKind::kHardLink, ArchiveEntryKind::kSymbolicLink}) {
    for (const ArchiveEntry& entry : entries) {
      if (entry.kind != kind) continue;
      if (Status made = make_link(hand, entry); !made.ok()) return made;
    }
  }
  if (Status set = set_directory_modes(entries); !set.ok()) return set;
  if (!durable_) return Status();
  if (each_file_) return sync_directories(entries);
  const int synced = calls_.sync_file_system(root_.number());
  return synced < 0 ? file_failure(-synced, "bring to the disk", place_.path) : Status();
}

Status TargetTree::set_directory_modes(const std::vector<ArchiveEntry>& entries) {
  uint32_t own_mode = kUsualMode;
  for (const ArchiveEntry& entry : entries) {
    if (entry.kind != ArchiveEntryKind::kDirectory) continue;
    if (entry.path.empty()) {
      own_mode = entry.mode;
      continue;
    }
    const int opened = calls_.open_beneath(root_.number(), entry.path.c_str(), O_RDONLY | O_DIRECTORY, 0);
    if (opened < 0) return failure(-opened, "open the directory", entry.path);
    const OwnedDescriptor directory(opened);
    if (const int set = calls_.set_mode(opened, entry.mode); set < 0) {
      return failure(-set, "set the permissions of", entry.path);
    }
  }
  const int set = calls_.set_mode(root_.number(), own_mode);
  return set < 0 ? file_failure(-set, "set the permissions of", place_.path) : Status();
}

Status TargetTree::sync_directories(const std::vector<ArchiveEntry>& entries) {
  std::set<std::string> directories;
  for (const ArchiveEntry& entry : entries) {
    if (entry.kind == ArchiveEntryKind::kDirectory) directories.insert(entry.path);
    for (std::string_view up = parent_of(entry.path); !up.empty(); up = parent_of(up)) directories.emplace(up);
  }
  directories.insert("");
  for (const std::string& path : directories) {
    const int opened =
        calls_.open_beneath(root_.number(), path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY, 0);
    if (opened < 0) return failure(-opened, "open the directory", path);
    const OwnedDescriptor directory(opened);
    if (const int synced = calls_.sync(opened); synced < 0) return failure(-synced, "bring to the disk", path);
  }
  return Status();
}

Status TargetTree::publish() {
  const int parent = place_.directory.number();
  const char* const name = place_.name.c_str();
  int moved = calls_.rename(parent, part_.c_str(), parent, name, RENAME_NOREPLACE);
  if (moved == -EINVAL || moved == -ENOSYS) {
    Result<bool> exists = exists_at(calls_, place_);
    if (!exists.ok()) return exists.status();
    moved = *exists ? -EEXIST : calls_.rename(parent, part_.c_str(), parent, name, 0);
  }
  if (moved == -EEXIST || moved == -ENOTEMPTY) return name_taken(place_.path);
  if (moved < 0) return file_failure(-moved, "name the directory", place_.path);
  part_ = place_.name;  // should the next step fail, that is what goes
  if (const int synced = durable_ ? calls_.sync(parent) : 0; synced < 0) {
    return file_failure(-synced, "bring the name to the disk of", place_.path);
  }
  part_.clear();
  return Status();
}

}  // namespace windlass
