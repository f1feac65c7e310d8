// Socket calls that fail on demand, over the real ones.
//
// Each call is a step with a number. fail_at(n, error) makes step n fail, once; fail_always("send", error) makes every
// call of that name fail until it is forgiven; fail_nth counts calls of one name. What a failing call would have done
// is not done. make_short() lets transfers do only part of what they are asked, and interrupt() lets every other call
// of those that wait or transfer be interrupted by a signal. Epoll's waiting and polls without descriptors are no
// steps.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "transport/socket_calls.hpp"

namespace windlass::fake {

class FakeSocketCalls final : public SocketCalls {
 public:
  void fail_at(uint64_t step, int error) {
    const std::lock_guard lock(mutex_);
    failing_step_ = steps_ + step;
    step_error_ = error;
  }
  void fail_nth(const std::string& call, uint64_t nth, int error) {
    const std::lock_guard lock(mutex_);
    nth_[call] = {counts_[call] + nth, error};
  }
  void fail_always(const std::string& call, int error) {
    const std::lock_guard lock(mutex_);
    always_[call] = error;
  }
  void forgive() {
    const std::lock_guard lock(mutex_);
    failing_step_ = 0;
    always_.clear();
    nth_.clear();
    short_bytes_ = 0;
    interrupts_ = false;
  }
  // Whether the step that was to fail has been reached.
  bool failed() {
    const std::lock_guard lock(mutex_);
    return failing_step_ != 0 && steps_ >= failing_step_;
  }
  std::string last_failure() {
    const std::lock_guard lock(mutex_);
    return last_failure_;
  }
  uint64_t count(const std::string& call) {
    const std::lock_guard lock(mutex_);
    return counts_[call];
  }
  void make_short(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    short_bytes_ = bytes;
  }
  void interrupt() {
    const std::lock_guard lock(mutex_);
    interrupts_ = true;
  }

  int socket(int domain, int type) noexcept override {
    return step("socket", [&] { return SocketCalls::socket(domain, type); });
  }
  int bind(int descriptor, const sockaddr* address, socklen_t bytes) noexcept override {
    return step("bind", [&] { return SocketCalls::bind(descriptor, address, bytes); });
  }
  int listen(int descriptor, int backlog) noexcept override {
    return step("listen", [&] { return SocketCalls::listen(descriptor, backlog); });
  }
  int connect(int descriptor, const sockaddr* address, socklen_t bytes) noexcept override {
    return step("connect", [&] { return SocketCalls::connect(descriptor, address, bytes); });
  }
  int accept(int descriptor, sockaddr* address, socklen_t* bytes) noexcept override {
    const int error = take("accept", true);
    return error != 0 ? -error : SocketCalls::accept(descriptor, address, bytes);
  }
  int set_option(int descriptor, int level, int name, const void* value, socklen_t bytes) noexcept override {
    return step("set_option", [&] { return SocketCalls::set_option(descriptor, level, name, value, bytes); });
  }
  int get_option(int descriptor, int level, int name, void* value, socklen_t* bytes) noexcept override {
    return step("get_option", [&] { return SocketCalls::get_option(descriptor, level, name, value, bytes); });
  }
  int set_blocking(int descriptor, bool blocking) noexcept override {
    return step("set_blocking", [&] { return SocketCalls::set_blocking(descriptor, blocking); });
  }
  int local_address(int descriptor, sockaddr* address, socklen_t* bytes) noexcept override {
    return step("local_address", [&] { return SocketCalls::local_address(descriptor, address, bytes); });
  }
  int64_t send(int descriptor, const msghdr& message) noexcept override {
    const int error = take("send", true);
    if (error != 0) return -error;
    std::vector<iovec> pieces;
    return SocketCalls::send(descriptor, shortened(message, pieces));
  }
  int64_t receive(int descriptor, msghdr& message) noexcept override {
    const int error = take("receive", true);
    if (error != 0) return -error;
    std::vector<iovec> pieces;
    msghdr asked = shortened(message, pieces);
    const int64_t received = SocketCalls::receive(descriptor, asked);
    message.msg_controllen = asked.msg_controllen;
    message.msg_flags = asked.msg_flags;
    return received;
  }
  int poll(std::span<pollfd> descriptors, int timeout_ms) noexcept override {
    const int error = descriptors.empty() ? 0 : take("poll", true);
    return error != 0 ? -error : SocketCalls::poll(descriptors, timeout_ms);
  }
  int epoll_open() noexcept override {
    return step("epoll_open", [&] { return SocketCalls::epoll_open(); });
  }
  int epoll_control(int epoll, int operation, int descriptor, epoll_event* event) noexcept override {
    const int error = operation == EPOLL_CTL_DEL ? 0 : take("epoll_control");
    return error != 0 ? -error : SocketCalls::epoll_control(epoll, operation, descriptor, event);
  }
  int event_open() noexcept override {
    return step("event_open", [&] { return SocketCalls::event_open(); });
  }
  int process_open(pid_t process) noexcept override {
    return step("process_open", [&] { return SocketCalls::process_open(process); });
  }
  int make_directory(const char* path, mode_t mode) noexcept override {
    return step("make_directory", [&] { return SocketCalls::make_directory(path, mode); });
  }
  int status(const char* path, struct stat* out) noexcept override {
    return step("status", [&] { return SocketCalls::status(path, out); });
  }
  int unlink(const char* path) noexcept override {
    return step("unlink", [&] { return SocketCalls::unlink(path); });
  }
  int set_mode(const char* path, mode_t mode) noexcept override {
    return step("set_mode", [&] { return SocketCalls::set_mode(path, mode); });
  }
  int lock_directory(const char* path) noexcept override {
    return step("lock_directory", [&] { return SocketCalls::lock_directory(path); });
  }

 private:
  struct Nth {
    uint64_t count = 0;
    int error = 0;
  };

  template <typename Call>
  int step(const char* name, Call&& call) {
    const int error = take(name);
    return error != 0 ? -error : call();
  }
  // The error that this call is to fail with, or 0.
  int take(const std::string& call, bool may_be_interrupted = false) {
    const std::lock_guard lock(mutex_);
    if (interrupts_ && may_be_interrupted && ++interruptible_ % 2 == 1) return EINTR;
    ++steps_;
    const uint64_t count = ++counts_[call];
    int error = 0;
    if (steps_ == failing_step_) error = step_error_;
    if (const auto nth = nth_.find(call); nth != nth_.end() && nth->second.count == count) error = nth->second.error;
    if (const auto always = always_.find(call); always != always_.end()) error = always->second;
    if (error != 0) last_failure_ = call;
    return error;
  }
  // The message with no more pieces than the bytes it may move.
  msghdr shortened(const msghdr& message, std::vector<iovec>& pieces) {
    const std::lock_guard lock(mutex_);
    if (short_bytes_ == 0) return message;
    size_t left = short_bytes_;
    for (size_t at = 0; at < message.msg_iovlen && left != 0; ++at) {
      const iovec& piece = message.msg_iov[at];
      const size_t bytes = std::min(left, piece.iov_len);
      pieces.push_back({piece.iov_base, bytes});
      left -= bytes;
    }
    msghdr asked = message;
    asked.msg_iov = pieces.data();
    asked.msg_iovlen = pieces.size();
    return asked;
  }

  std::mutex mutex_;
  std::map<std::string, uint64_t> counts_;
  std::map<std::string, Nth> nth_;
  std::map<std::string, int> always_;
  std::string last_failure_;
  uint64_t steps_ = 0;
  uint64_t failing_step_ = 0;
  uint64_t interruptible_ = 0;
  uint64_t short_bytes_ = 0;
  int step_error_ = 0;
  bool interrupts_ = false;
};

}  // namespace windlass::fake
