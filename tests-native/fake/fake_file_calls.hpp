// File calls that fail on demand, over the real ones.
//
// Each call is a step with a number. fail_at(n, error) makes step n fail, once; fail_always("sync_data", error) makes
// every call of that name fail until it is forgiven; fail_nth counts calls of one name. What a failing call would have
// done is not done. make_short() lets reads and writes do only part of what they are asked. Closing and removing files
// are no steps, but remove can be failed by name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "fake/call_counts.hpp"
#include "io/file_calls.hpp"

namespace windlass::fake {

class FakeFileCalls final : public FileCalls {
 public:
  void fail_at(uint64_t step, int error) {
    const std::lock_guard lock(mutex_);
    failing_step_ = steps_ + step;
    step_error_ = error;
  }
  void fail_nth(const std::string& call, uint64_t nth, int error) {
    const std::lock_guard lock(mutex_);
    nth_[call] = {counts_.of(call) + nth, error};
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
  }
  // Whether the step that was to fail has been reached.
  bool failed() {
    const std::lock_guard lock(mutex_);
    return failing_step_ != 0 && steps_ >= failing_step_;
  }
  std::string last_failure() {
    const std::lock_guard lock(mutex_);
    return std::string(last_failure_);
  }
  uint64_t count(const std::string& call) {
    const std::lock_guard lock(mutex_);
    return counts_.of(call);
  }
  // Transfers do at most so many bytes at once; 0: all.
  void make_short(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    short_bytes_ = bytes;
  }

  int open_at(int directory, const char* name, int flags, mode_t mode) noexcept override {
    const int error = take("open_at");
    return error != 0 ? -error : FileCalls::open_at(directory, name, flags, mode);
  }
  int unlink_at(int directory, const char* name) noexcept override {
    const int error = take("unlink_at", false);
    return error != 0 ? -error : FileCalls::unlink_at(directory, name);
  }
  int open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept override {
    const int error = take("open_beneath");
    return error != 0 ? -error : FileCalls::open_beneath(directory, path, flags, mode);
  }
  int make_directory(int directory, const char* name, mode_t mode) noexcept override {
    const int error = take("make_directory");
    return error != 0 ? -error : FileCalls::make_directory(directory, name, mode);
  }
  int make_symbolic_link(const char* target, int directory, const char* name) noexcept override {
    const int error = take("make_symbolic_link");
    return error != 0 ? -error : FileCalls::make_symbolic_link(target, directory, name);
  }
  int make_hard_link(int from_directory, const char* from, int directory, const char* name) noexcept override {
    const int error = take("make_hard_link");
    return error != 0 ? -error : FileCalls::make_hard_link(from_directory, from, directory, name);
  }
  int name_file(int descriptor, int directory, const char* name) noexcept override {
    const int error = take("name_file");
    return error != 0 ? -error : FileCalls::name_file(descriptor, directory, name);
  }
  int rename(int from_directory, const char* from, int directory, const char* name, unsigned flags) noexcept override {
    const int error = take("rename");
    return error != 0 ? -error : FileCalls::rename(from_directory, from, directory, name, flags);
  }
  int lock(int descriptor) noexcept override {
    const int error = take("lock");
    return error != 0 ? -error : FileCalls::lock(descriptor);
  }
  int status_at(int directory, const char* name, struct statx* out) noexcept override {
    const int error = take("status_at");
    return error != 0 ? -error : FileCalls::status_at(directory, name, out);
  }
  int sync(int descriptor) noexcept override {
    const int error = take("sync");
    return error != 0 ? -error : FileCalls::sync(descriptor);
  }
  int sync_file_system(int descriptor) noexcept override {
    const int error = take("sync_file_system");
    return error != 0 ? -error : FileCalls::sync_file_system(descriptor);
  }
  int set_mode(int descriptor, mode_t mode) noexcept override {
    const int error = take("set_mode");
    return error != 0 ? -error : FileCalls::set_mode(descriptor, mode);
  }
  int set_direct(int descriptor, bool direct) noexcept override {
    const int error = take("set_direct");
    return error != 0 ? -error : FileCalls::set_direct(descriptor, direct);
  }
  int status(int descriptor, struct statx* out) noexcept override {
    const int error = take("status");
    return error != 0 ? -error : FileCalls::status(descriptor, out);
  }
  int file_system(int descriptor, struct statfs* out) noexcept override {
    const int error = take("file_system");
    return error != 0 ? -error : FileCalls::file_system(descriptor, out);
  }
  int allocate(int descriptor, uint64_t bytes) noexcept override {
    const int error = take("allocate");
    return error != 0 ? -error : FileCalls::allocate(descriptor, bytes);
  }
  int truncate(int descriptor, uint64_t bytes) noexcept override {
    const int error = take("truncate");
    return error != 0 ? -error : FileCalls::truncate(descriptor, bytes);
  }
  int sync_data(int descriptor) noexcept override {
    const int error = take("sync_data");
    return error != 0 ? -error : FileCalls::sync_data(descriptor);
  }
  int64_t read_at(int descriptor, void* target, uint64_t bytes, uint64_t offset) noexcept override {
    const int error = take("read_at");
    return error != 0 ? -error : FileCalls::read_at(descriptor, target, shortened(bytes), offset);
  }
  int64_t write_at(int descriptor, const void* source, uint64_t bytes, uint64_t offset) noexcept override {
    const int error = take("write_at");
    return error != 0 ? -error : FileCalls::write_at(descriptor, source, shortened(bytes), offset);
  }
  int uring_setup(uint32_t entries, io_uring_params* parameters) noexcept override {
    const int error = take("uring_setup");
    return error != 0 ? -error : FileCalls::uring_setup(entries, parameters);
  }
  int uring_enter(int ring, uint32_t to_submit, uint32_t least_complete, uint32_t flags) noexcept override {
    const int error = take(to_submit != 0 ? "uring_submit" : "uring_wait");
    return error != 0 ? -error : FileCalls::uring_enter(ring, to_submit, least_complete, flags);
  }
  int uring_register(int ring, uint32_t operation, const void* argument, uint32_t count) noexcept override {
    const int error = take("uring_register");
    return error != 0 ? -error : FileCalls::uring_register(ring, operation, argument, count);
  }
  int64_t uring_result(int64_t result) noexcept override {
    const int error = take("uring_result");
    if (error != 0) return -error;
    return result < 0 ? result : static_cast<int64_t>(shortened(static_cast<uint64_t>(result)));
  }

 private:
  struct Nth {
    uint64_t count = 0;
    int error = 0;
  };

  // The error that this call is to fail with, or 0. call: a literal.
  int take(std::string_view call, bool is_step = true) {
    const std::lock_guard lock(mutex_);
    if (is_step) ++steps_;
    const uint64_t count = counts_.add(call);
    int error = 0;
    if (is_step && steps_ == failing_step_) error = step_error_;
    if (const auto nth = nth_.find(call); nth != nth_.end() && nth->second.count == count) error = nth->second.error;
    if (const auto always = always_.find(call); always != always_.end()) error = always->second;
    if (error != 0) last_failure_ = call;
    return error;
  }
  uint64_t shortened(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    return short_bytes_ != 0 ? std::min(bytes, short_bytes_) : bytes;
  }

  std::mutex mutex_;
  CallCounts counts_;
  std::map<std::string, Nth, std::less<>> nth_;
  std::map<std::string, int, std::less<>> always_;
  std::string_view last_failure_;
  uint64_t steps_ = 0;
  uint64_t failing_step_ = 0;
  uint64_t short_bytes_ = 0;
  int step_error_ = 0;
};

}  // namespace windlass::fake
