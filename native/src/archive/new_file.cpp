#include "archive/new_file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr mode_t kOwnersAlone = 0600;
constexpr uint64_t kCopyBytes = kMiB;

// What file systems without hard links say, and those that make none of a file without a name.
bool has_no_links(int result) noexcept {
  return result == -EPERM || result == -EOPNOTSUPP || result == -EMLINK || result == -ENOSYS;
}

Status taken(const std::string& path) {
  return Status::error(Code::kState, text(path, " exists already; remove it first, or choose another name"));
}

}  // namespace

Result<std::unique_ptr<NewFile>> NewFile::create(FileCalls& calls, const std::string& path, bool named) {
  Result<NamedPlace> place = open_place(calls, path);
  if (!place.ok()) return place.status();
  Result<bool> exists = exists_at(calls, *place);
  if (!exists.ok()) return exists.status();
  if (*exists) return taken(place->path);
  auto made = std::make_unique<NewFile>(calls, *std::move(place));
  if (Status opened = made->open(named); !opened.ok()) return opened;
  return made;
}

Status NewFile::open(bool named) {
  const int directory = place_.directory.number();
  struct statx ignored {};
  // A file without a name gets one by way of /proc.
  if (!named && calls_.status_at(AT_FDCWD, "/proc/self/fd", &ignored) == 0) {
    const int opened = calls_.open_at(directory, ".", O_TMPFILE | O_RDWR, kOwnersAlone);
    if (opened == -ENOSPC || opened == -EDQUOT || opened == -EACCES || opened == -EROFS) {
      return file_failure(-opened, "create a file beside", place_.path);
    }
    if (opened >= 0) file_ = OwnedDescriptor(opened);
  }
  if (!file_.valid()) {
    sweep_parts(calls_, directory);
    part_ = fresh_part_name();
    const int opened = calls_.open_at(directory, part_.c_str(), O_CREAT | O_EXCL | O_RDWR, kOwnersAlone);
    if (opened < 0) {
      part_.clear();
      return file_failure(-opened, "create a file beside", place_.path);
    }
    file_ = OwnedDescriptor(opened);
    if (!lock_part(calls_, opened, directory, part_)) {
      return Status::error(Code::kConflict, text("the file that becomes ", place_.path, " was swept away; try again"));
    }
  }
  if (const int set = calls_.set_mode(file_.number(), kOwnersAlone); set < 0) {
    return file_failure(-set, "set the permissions of", place_.path);
  }
  return Status();
}

NewFile::~NewFile() {
  if (!part_.empty()) calls_.unlink_at(place_.directory.number(), part_.c_str());
}

// Without links a file without a name never gets one, so that its bytes go into one that has.
Status NewFile::copy_to_part() {
  const OwnedDescriptor unnamed = std::exchange(file_, OwnedDescriptor());
  if (Status opened = open(true); !opened.ok()) return opened;
  const auto room = std::make_unique_for_overwrite<std::byte[]>(kCopyBytes);
  for (uint64_t offset = 0;;) {
    const int64_t count = calls_.read_at(unnamed.number(), room.get(), kCopyBytes, offset);
    if (count < 0) return file_failure(static_cast<int>(-count), "read back", place_.path);
    if (count == 0) break;
    for (int64_t at = 0; at < count;) {
      const int64_t wrote = calls_.write_at(file_.number(), room.get() + at, static_cast<uint64_t>(count - at),
                                            offset + static_cast<uint64_t>(at));
      if (wrote < 0) return file_failure(static_cast<int>(-wrote), "write", place_.path);
      at += wrote;
    }
    offset += static_cast<uint64_t>(count);
  }
  const int synced = calls_.sync(file_.number());
  return synced < 0 ? file_failure(-synced, "bring to the disk", place_.path) : Status();
}

int NewFile::name_part() {
  const int directory = place_.directory.number();
  const char* const name = place_.name.c_str();
  const int linked = calls_.make_hard_link(directory, part_.c_str(), directory, name);
  if (!has_no_links(linked)) return linked;
  int renamed = calls_.rename(directory, part_.c_str(), directory, name, RENAME_NOREPLACE);
  if (renamed == -EINVAL || renamed == -ENOSYS) {
    const Result<bool> exists = exists_at(calls_, place_);
    if (exists.ok()) renamed = *exists ? -EEXIST : calls_.rename(directory, part_.c_str(), directory, name, 0);
  }
  if (renamed == 0) part_.clear();
  return renamed;
}

Status NewFile::publish() {
  if (const int synced = calls_.sync(file_.number()); synced < 0) {
    return file_failure(-synced, "bring to the disk", place_.path);
  }
  int named = part_.empty() ? calls_.name_file(file_.number(), place_.directory.number(), place_.name.c_str()) : 0;
  if (part_.empty() && has_no_links(named)) {
    if (Status copied = copy_to_part(); !copied.ok()) return copied;
  }
  if (!part_.empty()) named = name_part();
  if (named == -EEXIST) return taken(place_.path);
  if (named < 0) return file_failure(-named, "name the file", place_.path);
  const int directory = place_.directory.number();
  if (!part_.empty()) {
    calls_.unlink_at(directory, part_.c_str());
    part_.clear();
  }
  if (const int synced = calls_.sync(directory); synced < 0) {
    calls_.unlink_at(directory, place_.name.c_str());
    return file_failure(-synced, "bring the name to the disk of", place_.path);
  }
  return Status();
}

}  // namespace windlass
