#include "transport/socket_calls.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace windlass {

namespace {

template <typename Number>
Number result_of(Number returned) noexcept {
  return returned >= 0 ? returned : static_cast<Number>(-errno);
}

}  // namespace

SocketCalls& SocketCalls::system() noexcept {
  static SocketCalls calls;
  return calls;
}

int SocketCalls::socket(int domain, int type) noexcept { return result_of(::socket(domain, type | SOCK_CLOEXEC, 0)); }

int SocketCalls::bind(int descriptor, const sockaddr* address, socklen_t bytes) noexcept {
  return result_of(::bind(descriptor, address, bytes));
}

int SocketCalls::listen(int descriptor, int backlog) noexcept { return result_of(::listen(descriptor, backlog)); }

int SocketCalls::connect(int descriptor, const sockaddr* address, socklen_t bytes) noexcept {
  return result_of(::connect(descriptor, address, bytes));
}

int SocketCalls::accept(int descriptor, sockaddr* address, socklen_t* bytes) noexcept {
  return result_of(::accept4(descriptor, address, bytes, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

int SocketCalls::set_option(int descriptor, int level, int name, const void* value, socklen_t bytes) noexcept {
  return result_of(::setsockopt(descriptor, level, name, value, bytes));
}

int SocketCalls::get_option(int descriptor, int level, int name, void* value, socklen_t* bytes) noexcept {
  return result_of(::getsockopt(descriptor, level, name, value, bytes));
}

int SocketCalls::set_blocking(int descriptor, bool blocking) noexcept {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0) return -errno;
  return result_of(::fcntl(descriptor, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}

int SocketCalls::local_address(int descriptor, sockaddr* address, socklen_t* bytes) noexcept {
  return result_of(::getsockname(descriptor, address, bytes));
}

int SocketCalls::shut_down(int descriptor) noexcept { return result_of(::shutdown(descriptor, SHUT_RDWR)); }

int64_t SocketCalls::send(int descriptor, const msghdr& message) noexcept {
  return result_of(::sendmsg(descriptor, &message, MSG_NOSIGNAL));
}

int64_t SocketCalls::receive(int descriptor, msghdr& message) noexcept {
  return result_of(::recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC));
}

int SocketCalls::poll(std::span<pollfd> descriptors, int timeout_ms) noexcept {
  return result_of(::poll(descriptors.data(), descriptors.size(), timeout_ms));
}

int SocketCalls::epoll_open() noexcept { return result_of(::epoll_create1(EPOLL_CLOEXEC)); }

int SocketCalls::epoll_control(int epoll, int operation, int descriptor, epoll_event* event) noexcept {
  return result_of(::epoll_ctl(epoll, operation, descriptor, event));
}

int SocketCalls::epoll_wait(int epoll, std::span<epoll_event> events, int timeout_ms) noexcept {
  return result_of(::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), timeout_ms));
}

int SocketCalls::event_open() noexcept { return result_of(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int SocketCalls::process_open(pid_t process) noexcept {
#ifdef SYS_pidfd_open
  return static_cast<int>(result_of(::syscall(SYS_pidfd_open, process, 0)));
#else
  return process > 0 ? -ENOSYS : -EINVAL;
#endif
}

int SocketCalls::make_directory(const char* path, mode_t mode) noexcept { return result_of(::mkdir(path, mode)); }

int SocketCalls::status(const char* path, struct stat* out) noexcept { return result_of(::lstat(path, out)); }

int SocketCalls::unlink(const char* path) noexcept { return result_of(::unlink(path)); }

int SocketCalls::set_mode(const char* path, mode_t mode) noexcept { return result_of(::chmod(path, mode)); }

int SocketCalls::lock_directory(const char* path) noexcept {
  const int descriptor = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return -errno;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  const int cause = errno;
  ::close(descriptor);
  return -cause;
}

}  // namespace windlass
