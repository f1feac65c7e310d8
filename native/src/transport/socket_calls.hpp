// The system calls through which Windlass uses sockets.
//
// Each does its one call, and returns what the kernel returned, or the errno as a negative number; EINTR too, so that
// the callers' loops are what tests see. Sockets are made close-on-exec. Tests put a subclass in its place that fails
// on demand.
//
// Threads: any.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

struct stat;

namespace windlass {

class SocketCalls {
 public:
  SocketCalls() = default;
  virtual ~SocketCalls() = default;
  SocketCalls(const SocketCalls&) = delete;
  SocketCalls& operator=(const SocketCalls&) = delete;

  // The real ones.
  static SocketCalls& system() noexcept;

  virtual int socket(int domain, int type) noexcept;
  virtual int bind(int descriptor, const sockaddr* address, socklen_t bytes) noexcept;
  virtual int listen(int descriptor, int backlog) noexcept;
  virtual int connect(int descriptor, const sockaddr* address, socklen_t bytes) noexcept;
  // The accepted socket does not block.
  virtual int accept(int descriptor, sockaddr* address, socklen_t* bytes) noexcept;
  virtual int set_option(int descriptor, int level, int name, const void* value, socklen_t bytes) noexcept;
  virtual int get_option(int descriptor, int level, int name, void* value, socklen_t* bytes) noexcept;
  virtual int set_blocking(int descriptor, bool blocking) noexcept;
  virtual int local_address(int descriptor, sockaddr* address, socklen_t* bytes) noexcept;
  virtual int shut_down(int descriptor) noexcept;

  // Without SIGPIPE; received descriptors are close-on-exec.
  virtual int64_t send(int descriptor, const msghdr& message) noexcept;
  virtual int64_t receive(int descriptor, msghdr& message) noexcept;
  virtual int poll(std::span<pollfd> descriptors, int timeout_ms) noexcept;

  virtual int epoll_open() noexcept;
  virtual int epoll_control(int epoll, int operation, int descriptor, epoll_event* event) noexcept;
  virtual int epoll_wait(int epoll, std::span<epoll_event> events, int timeout_ms) noexcept;
  virtual int event_open() noexcept;
  virtual int process_open(pid_t process) noexcept;

  // Of the files that sockets are bound to.
  virtual int make_directory(const char* path, mode_t mode) noexcept;
  virtual int status(const char* path, struct stat* out) noexcept;  // of a link itself
  virtual int unlink(const char* path) noexcept;
  virtual int set_mode(const char* path, mode_t mode) noexcept;
  // A descriptor that has the directory locked against others who call this until it is closed; -EWOULDBLOCK if one of
  // them has it.
  virtual int lock_directory(const char* path) noexcept;
};

}  // namespace windlass
