#include "io/open_beneath.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/owned_descriptor.hpp"

namespace windlass {

namespace {

// The kernel's struct open_how and its flags, of linux/openat2.h, which older systems do not have.
struct OpenHow {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};
constexpr long kOpenat2 = 437;
constexpr uint64_t kNoMagicLinks = 0x02;
constexpr uint64_t kNoSymbolicLinks = 0x04;
constexpr uint64_t kBeneath = 0x08;
constexpr uint64_t kModeBits = 07777;

int open_one(int directory, const char* name, int flags, mode_t mode) noexcept {
  while (true) {
    const int opened = ::openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    if (opened >= 0) return opened;
    if (errno != EINTR) return -errno;
  }
}

int open_by_openat2(int directory, const char* path, int flags, mode_t mode) noexcept {
  OpenHow how{.flags = static_cast<uint64_t>(static_cast<unsigned>(flags | O_NOFOLLOW | O_CLOEXEC)),
              .mode = (flags & O_CREAT) != 0 ? mode & kModeBits : 0,
              .resolve = kBeneath | kNoSymbolicLinks | kNoMagicLinks};
  while (true) {
    const long opened = ::syscall(kOpenat2, directory, path, &how, sizeof how);
    if (opened >= 0) return static_cast<int>(opened);
    // EAGAIN: something was renamed meanwhile, so that the kernel cannot tell.
    if (errno != EINTR && errno != EAGAIN) return -errno;
  }
}

}  // namespace

int open_step_by_step(int directory, const char* path, int flags, mode_t mode) noexcept {
  std::string_view rest(path);
  if (rest.empty()) return -ENOENT;
  OwnedDescriptor parent;
  while (true) {
    const size_t end = std::min(rest.find('/'), rest.size());
    std::array<char, NAME_MAX + 1> name{};
    if (end >= name.size()) return -ENAMETOOLONG;
    std::memcpy(name.data(), rest.data(), end);
    if (end == 0 || rest.substr(0, end) == "..") return -EXDEV;
    const bool last = end == rest.size();
    const int at = parent.valid() ? parent.number() : directory;
    const int opened = open_one(at, name.data(), last ? flags : O_PATH | O_DIRECTORY, mode);
    if (last || opened < 0) return opened == -ENOTDIR && !last ? -ELOOP : opened;
    parent = OwnedDescriptor(opened);
    rest.remove_prefix(end + 1);
  }
}

int open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept {
  // Kernels before 5.6 do not have the call, and containers may forbid it: with EPERM, which a file may give as well.
  static std::atomic<bool> absent{false};
  if (!absent.load(std::memory_order_relaxed)) {
    const int opened = open_by_openat2(directory, path, flags, mode);
    if (opened != -ENOSYS && opened != -EPERM) return opened;
    if (opened == -ENOSYS) absent.store(true, std::memory_order_relaxed);
  }
  return open_step_by_step(directory, path, flags, mode);
}

}  // namespace windlass
