#include "io/block_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

// What direct transfers are aligned to where the kernel does not say: enough for every usual disk.
constexpr uint64_t kUsualAlignmentBytes = 4 * kKiB;
// No caller has its blocks aligned to more.
constexpr uint64_t kMostAlignmentBytes = 2 * kMiB;

std::string path_in(const Folder& folder, const std::string& name) { return text(folder.path, "/", name); }

}  // namespace

Result<BlockFile> BlockFile::create(FileCalls& calls, const Folder& folder, const std::string& name, bool direct) {
  BlockFile file;
  file.path_ = path_in(folder, name);
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
  const int descriptor = calls.open_at(folder.descriptor, name.c_str(), flags, kOwnerOnly);
  if (descriptor < 0) return file_failure(-descriptor, "create", file.path_);
  file.calls_ = &calls;
  file.descriptor_ = descriptor;
  // The umask may have taken rights away that the owner needs.
  Status usable;
  if (const int result = calls.set_mode(descriptor, kOwnerOnly); result < 0) {
    usable = file_failure(-result, "set the mode of", file.path_);
  }
  if (usable.ok()) usable = file.examine(direct);
  if (usable.ok()) return file;
  calls.unlink_at(folder.descriptor, name.c_str());
  return usable;
}

Result<BlockFile> BlockFile::open(FileCalls& calls, const Folder& folder, const std::string& name, bool direct,
                                  const FileIdentity& identity) {
  BlockFile file;
  file.path_ = path_in(folder, name);
  const int descriptor = calls.open_at(folder.descriptor, name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor < 0) return file_failure(-descriptor, "open", file.path_);
  file.calls_ = &calls;
  file.descriptor_ = descriptor;
  if (Status usable = file.examine(direct); !usable.ok()) return usable;
  if (file.identity_ == identity) return file;
  return Status::error(Code::kPermission, text("cannot use ", file.path_, ": somebody has put another file in its ",
                                               "place; what was stored there is lost"));
}

BlockFile& BlockFile::operator=(BlockFile&& other) noexcept {
  std::swap(calls_, other.calls_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(identity_, other.identity_);
  std::swap(bytes_, other.bytes_);
  std::swap(alignment_bytes_, other.alignment_bytes_);
  std::swap(direct_, other.direct_);
  return *this;
}

void BlockFile::close() noexcept {
  if (descriptor_ >= 0) calls_->close(descriptor_);
  descriptor_ = -1;
}

Status BlockFile::examine(bool direct) {
  struct statx found {};
  if (const int result = calls_->status(descriptor_, &found); result < 0) {
    return file_failure(-result, "ask for the size of", path_);
  }
  identity_.device = static_cast<uint64_t>(found.stx_dev_major) << 32U | found.stx_dev_minor;
  identity_.inode = found.stx_ino;
  bytes_ = found.stx_size;
  // O_DIRECT is set after opening, because where a file system refuses it in open, some leave a new file behind.
  if (!direct || calls_->set_direct(descriptor_, true) < 0) return Status();
  alignment_bytes_ = kUsualAlignmentBytes;
#ifdef STATX_DIOALIGN
  if ((found.stx_mask & STATX_DIOALIGN) != 0) {
    alignment_bytes_ = std::max(found.stx_dio_offset_align, found.stx_dio_mem_align);
    direct_ =
        is_power_of_two(alignment_bytes_) && found.stx_dio_offset_align != 0 && alignment_bytes_ <= kMostAlignmentBytes;
  } else {
    direct_ = accepts_direct_reads();
  }
#else
  direct_ = accepts_direct_reads();
#endif
  if (direct_) return Status();
  alignment_bytes_ = 1;
  const int result = calls_->set_direct(descriptor_, false);
  return result < 0 ? file_failure(-result, "turn direct transfers off for", path_) : Status();
}

bool BlockFile::accepts_direct_reads() const noexcept {
  alignas(kUsualAlignmentBytes) std::array<std::byte, kUsualAlignmentBytes> block{};
  return calls_->read_at(descriptor_, block.data(), block.size(), 0) != -EINVAL;
}

Status BlockFile::check_space(uint64_t wanted_bytes) const {
  // Beyond this limit the kernel would not only refuse but send SIGXFSZ, which ends a process.
  struct rlimit limit {};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && wanted_bytes > limit.rlim_cur) {
    return file_failure(EFBIG, text("make room for ", bytes_text(wanted_bytes), " in"), path_);
  }
  Result<FileSystem> system = file_system_of(*calls_, descriptor_, path_);
  if (!system.ok()) return system.status();
  const uint64_t more_bytes = wanted_bytes - bytes_;
  if (more_bytes <= system->free_bytes) return Status();
  return Status::error(
      Code::kNoSpace,
      text("no space for ", path_, ": ", bytes_text(wanted_bytes), " are wanted, ", bytes_text(system->free_bytes),
           " are free there and ", bytes_text(more_bytes - system->free_bytes),
           " are missing; free some space, or choose another directory"),
      ENOSPC);
}

Status BlockFile::reserve(uint64_t bytes) {
  if (bytes <= bytes_) return Status();
  if (Status enough = check_space(bytes); !enough.ok()) return enough;
  int result = calls_->allocate(descriptor_, bytes);
  // A file system that cannot reserve takes space while it is written to; that there is enough now was checked.
  if (result == -EOPNOTSUPP) result = calls_->truncate(descriptor_, bytes);
  if (result >= 0) {
    bytes_ = bytes;
    return Status();
  }
  // Part of the space may have been taken.
  calls_->truncate(descriptor_, bytes_);
  const Result<FileSystem> system = file_system_of(*calls_, descriptor_, path_);
  const std::string left = system.ok() ? text(" (", bytes_text(system.value().free_bytes), " are free)") : "";
  return file_failure(-result, text("make room for ", bytes_text(bytes), left, " in"), path_);
}

Status BlockFile::truncate(uint64_t bytes) {
  if (const int result = calls_->truncate(descriptor_, bytes); result < 0) {
    return file_failure(-result, "change the size of", path_);
  }
  bytes_ = bytes;
  return Status();
}

Status BlockFile::sync() {
  const int result = calls_->sync_data(descriptor_);
  return result < 0 ? file_failure(-result, "bring to the device what was written to", path_) : Status();
}

Status BlockFile::failure(int cause, const char* action, uint64_t offset) const {
  return file_failure(cause, text(action, " at offset ", offset, " of"), path_);
}

}  // namespace windlass
