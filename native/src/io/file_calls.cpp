#include "io/file_calls.hpp"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "io/open_beneath.hpp"

namespace windlass {

namespace {

// Makes a call until no signal interrupts it.
template <typename Call>
auto uninterrupted(Call&& call) noexcept -> decltype(call()) {
  while (true) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

FileCalls& FileCalls::system() noexcept {
  static FileCalls calls;
  return calls;
}

int FileCalls::open_at(int directory, const char* name, int flags, mode_t mode) noexcept {
  return uninterrupted([&] { return ::openat(directory, name, flags | O_CLOEXEC, mode); });
}

void FileCalls::close(int descriptor) noexcept { ::close(descriptor); }

int FileCalls::unlink_at(int directory, const char* name) noexcept {
  return uninterrupted([&] { return ::unlinkat(directory, name, 0); });
}

int FileCalls::set_mode(int descriptor, mode_t mode) noexcept {
  return uninterrupted([&] { return ::fchmod(descriptor, mode); });
}

int FileCalls::open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept {
  return windlass::open_beneath(directory, path, flags, mode);
}

int FileCalls::make_directory(int directory, const char* name, mode_t mode) noexcept {
  return uninterrupted([&] { return ::mkdirat(directory, name, mode); });
}

int FileCalls::remove_directory(int directory, const char* name) noexcept {
  return uninterrupted([&] { return ::unlinkat(directory, name, AT_REMOVEDIR); });
}

int FileCalls::make_symbolic_link(const char* target, int directory, const char* name) noexcept {
  return uninterrupted([&] { return ::symlinkat(target, directory, name); });
}

int FileCalls::make_hard_link(int from_directory, const char* from, int directory, const char* name) noexcept {
  return uninterrupted([&] { return ::linkat(from_directory, from, directory, name, 0); });
}

int FileCalls::name_file(int descriptor, int directory, const char* name) noexcept {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", descriptor);
  return uninterrupted([&] { return ::linkat(AT_FDCWD, path.data(), directory, name, AT_SYMLINK_FOLLOW); });
}

int FileCalls::rename(int from_directory, const char* from, int directory, const char* name, unsigned flags) noexcept {
  return uninterrupted([&] {
    return flags == 0 ? ::renameat(from_directory, from, directory, name)
                      : static_cast<int>(::syscall(__NR_renameat2, from_directory, from, directory, name, flags));
  });
}

int FileCalls::lock(int descriptor) noexcept {
  return uninterrupted([&] { return ::flock(descriptor, LOCK_EX | LOCK_NB); });
}

int FileCalls::set_direct(int descriptor, bool direct) noexcept {
  return uninterrupted([&] { return ::fcntl(descriptor, F_SETFL, direct ? O_DIRECT : 0); });
}

int FileCalls::status(int descriptor, struct statx* out) noexcept {
#ifdef STATX_DIOALIGN
  constexpr unsigned kMask = STATX_BASIC_STATS | STATX_DIOALIGN;
#else
  constexpr unsigned kMask = STATX_BASIC_STATS;
#endif
  return uninterrupted([&] { return ::statx(descriptor, "", AT_EMPTY_PATH, kMask, out); });
}

int FileCalls::status_at(int directory, const char* name, struct statx* out) noexcept {
  return uninterrupted([&] { return ::statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out); });
}

int FileCalls::file_system(int descriptor, struct statfs* out) noexcept {
  return uninterrupted([&] { return ::fstatfs(descriptor, out); });
}

int FileCalls::allocate(int descriptor, uint64_t bytes) noexcept {
  return uninterrupted([&] { return ::fallocate(descriptor, 0, 0, static_cast<off_t>(bytes)); });
}

int FileCalls::truncate(int descriptor, uint64_t bytes) noexcept {
  return uninterrupted([&] { return ::ftruncate(descriptor, static_cast<off_t>(bytes)); });
}

void FileCalls::begin_sync(int descriptor, uint64_t offset, uint64_t bytes) noexcept {
  constexpr uint64_t kLeastBytes = uint64_t{256} << 10;
  if (bytes < kLeastBytes) return;
  (void)::sync_file_range(descriptor, static_cast<off_t>(offset), static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE);
}

int FileCalls::sync_data(int descriptor) noexcept {
  return uninterrupted([&] { return ::fdatasync(descriptor); });
}

int FileCalls::sync(int descriptor) noexcept {
  return uninterrupted([&] { return ::fsync(descriptor); });
}

int FileCalls::sync_file_system(int descriptor) noexcept {
  return uninterrupted([&] { return ::syncfs(descriptor); });
}

int64_t FileCalls::read_at(int descriptor, void* target, uint64_t bytes, uint64_t offset) noexcept {
  return uninterrupted([&] { return ::pread(descriptor, target, bytes, static_cast<off_t>(offset)); });
}

int64_t FileCalls::write_at(int descriptor, const void* source, uint64_t bytes, uint64_t offset) noexcept {
  return uninterrupted([&] { return ::pwrite(descriptor, source, bytes, static_cast<off_t>(offset)); });
}

int FileCalls::uring_setup(uint32_t entries, io_uring_params* parameters) noexcept {
  return static_cast<int>(uninterrupted([&] { return ::syscall(__NR_io_uring_setup, entries, parameters); }));
}

int FileCalls::uring_enter(int ring, uint32_t to_submit, uint32_t least_complete, uint32_t flags) noexcept {
  const long result = ::syscall(__NR_io_uring_enter, ring, to_submit, least_complete, flags, nullptr, 0);
  return static_cast<int>(result >= 0 ? result : -errno);
}

int FileCalls::uring_register(int ring, uint32_t operation, const void* argument, uint32_t count) noexcept {
  return static_cast<int>(
      uninterrupted([&] { return ::syscall(__NR_io_uring_register, ring, operation, argument, count); }));
}

}  // namespace windlass
