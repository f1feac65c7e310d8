// A place in a fake where threads stop while a test wants them to.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace windlass::fake {

class Gate {
 public:
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    moved_.notify_all();
  }
  // Until a thread stands before it.
  void wait_entered() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return entered_ > 0; });
  }

  void pass() {
    std::unique_lock lock(mutex_);
    ++entered_;
    moved_.notify_all();
    moved_.wait(lock, [this] { return !held_; });
    --entered_;
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable moved_;
  uint64_t entered_ = 0;
  bool held_ = false;
};

}  // namespace windlass::fake
