#include "backup/orphan_sweep.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "backup/owner_record.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

// Owns: a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const noexcept { return number_; }

 private:
  const int number_;
};

// The names in a directory that Windlass makes.
struct OwnedEntry {
  std::string name;
  OwnedName meaning;
};

Result<std::vector<OwnedEntry>> owned_entries(const Folder& folder) {
  const int descriptor = openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return file_failure(errno, "list", folder.path);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(fdopendir(descriptor), closedir);
  if (listing == nullptr) {
    const int cause = errno;
    ::close(descriptor);
    return file_failure(cause, "list", folder.path);
  }
  std::vector<OwnedEntry> entries;
  while (const dirent* const entry = readdir(listing.get())) {
    std::optional<OwnedName> meaning = OwnedName::parse(entry->d_name);
    if (meaning) entries.push_back({entry->d_name, *std::move(meaning)});
  }
  return entries;
}

std::string read_small_file(int descriptor) {
  std::array<char, 4096> content{};
  const ssize_t bytes = pread(descriptor, content.data(), content.size(), 0);
  return std::string(content.data(), bytes > 0 ? static_cast<size_t>(bytes) : 0);
}

// Whether the name still stands for the open file, and for a plain one of ours.
bool is_ours(const Folder& folder, const std::string& name, int descriptor) {
  struct stat open_one {};
  struct stat named {};
  return fstat(descriptor, &open_one) == 0 &&
         fstatat(folder.descriptor, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino && S_ISREG(named.st_mode) &&
         named.st_uid == geteuid();
}

// The sweep of one directory.
class Sweep {
 public:
  Sweep(const Folder& folder, const std::vector<OwnedEntry>& entries) : folder_(folder), entries_(entries) {}

  SweepReport run() {
    for (const OwnedEntry& entry : entries_) {
      if (entry.meaning.kind != OwnedName::Kind::kBackup) examine(entry);
    }
    return report_;
  }

 private:
  void examine(const OwnedEntry& record) {
    const Descriptor file(
        openat(folder_.descriptor, record.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.number() < 0) {
      if (errno != ENOENT) leave(record, errno == ELOOP ? "it is a symbolic link" : "it cannot be opened");
      return;
    }
    // With the lock the owner is dead, and no other sweeper is at work on what it left.
    if (flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return leave(record, "it cannot be locked");
      ++report_.left_owners;
      return;
    }
    if (!is_ours(folder_, record.name, file.number())) {
      struct stat found {};
      if (fstat(file.number(), &found) == 0 && found.st_nlink != 0) leave(record, "it is of another user, or no file");
      return;
    }
    const std::optional<OwnerRecord> owner = OwnerRecord::parse(read_small_file(file.number()));
    if (!owner) return leave(record, "it cannot be read");
    if (!owner->is_of_this_machine(self_)) return leave(record, text("it is of the host ", owner->host));
    if (owner->boot_id == self_.boot_id && owner->is_seen_running()) return leave(record, "its process runs");
    remove(record, *owner);
  }

  void remove(const OwnedEntry& record, const OwnerRecord& owner) {
    uint64_t files = 0;
    uint64_t bytes = 0;
    bool all = true;
    for (const OwnedEntry& entry : entries_) {
      if (entry.meaning.kind == OwnedName::Kind::kBackup && entry.meaning.id == record.meaning.id) {
        all = remove_backup(entry.name, files, bytes) && all;
      }
    }
    // The record stays as long as something is left that it stands for.
    if (all) unlinkat(folder_.descriptor, record.name.c_str(), 0);
    ++report_.dead_owners;
    report_.removed_files += files;
    report_.removed_bytes += bytes;
    log(LogLevel::kInfo, "backup",
        text(folder_.path, ": removed what process ", owner.pid, " left when it died: ", files, " backups, ",
             bytes_text(bytes), all ? "" : "; some could not be removed"));
  }

  bool remove_backup(const std::string& name, uint64_t& files, uint64_t& bytes) const {
    struct stat found {};
    if (fstatat(folder_.descriptor, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
    if (!S_ISREG(found.st_mode) || found.st_uid != geteuid()) return false;
    if (unlinkat(folder_.descriptor, name.c_str(), 0) != 0) return errno == ENOENT;
    constexpr uint64_t kStatBlockBytes = 512;
    ++files;
    bytes += static_cast<uint64_t>(found.st_blocks) * kStatBlockBytes;
    return true;
  }

  void leave(const OwnedEntry& record, std::string_view reason) {
    ++report_.left_owners;
    log(LogLevel::kWarning, "backup",
        text(folder_.path, "/", record.name, " and the backups that belong to it are left: ", reason));
  }

  const Folder& folder_;
  const std::vector<OwnedEntry>& entries_;
  const OwnerRecord self_ = OwnerRecord::of_this_process();
  SweepReport report_;
};

}  // namespace

Result<SweepReport> sweep_orphans(const Folder& folder) {
  Result<std::vector<OwnedEntry>> entries = owned_entries(folder);
  if (!entries.ok()) return entries.status();
  return Sweep(folder, *entries).run();
}

}  // namespace windlass
