// A pinner that keeps book of what is pinned, fails on demand, and can be held up between two steps.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <string>

#include "base/text.hpp"
#include "memory/page_pinner.hpp"

namespace windlass::fake {

class FakePinner final : public PagePinner {
 public:
  // The nth call from now on (1: the next) fails, and so do those after it where always is set.
  void fail_pin(uint64_t nth, Code code, bool always = false) {
    const std::lock_guard lock(mutex_);
    failing_pin_ = pins_ + nth;
    fails_always_ = always;
    code_ = code;
  }
  void fail_unpin() {
    const std::lock_guard lock(mutex_);
    unpin_fails_ = true;
  }
  void forgive() {
    const std::lock_guard lock(mutex_);
    failing_pin_ = 0;
    unpin_fails_ = false;
  }

  // From now on a pin stops before it returns, until it is let go. wait_entered() waits until one has stopped there.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void wait_entered() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return entered_ > 0; });
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    moved_.notify_all();
  }

  uint64_t pins() const {
    const std::lock_guard lock(mutex_);
    return pins_;
  }
  uint64_t pinned_bytes() const {
    const std::lock_guard lock(mutex_);
    uint64_t sum = 0;
    for (const auto& [address, bytes] : pinned_) sum += bytes;
    return sum;
  }
  bool holds(const void* address) const {
    const std::lock_guard lock(mutex_);
    return holds_locked(reinterpret_cast<uint64_t>(address), 1);
  }
  // What was pinned twice, unpinned in part, or unpinned without having been pinned.
  uint64_t faults() const {
    const std::lock_guard lock(mutex_);
    return faults_;
  }

  std::string name() const override { return "fake pinner"; }

  Status pin(void* address, uint64_t bytes) override {
    std::unique_lock lock(mutex_);
    ++pins_;
    ++entered_;
    moved_.notify_all();
    moved_.wait(lock, [this] { return !held_; });
    --entered_;
    const bool fails = failing_pin_ != 0 && (pins_ == failing_pin_ || (fails_always_ && pins_ > failing_pin_));
    if (fails) return Status::error(code_, text("fake: pin ", pins_, " fails"), 700);
    const auto start = reinterpret_cast<uint64_t>(address);
    if (holds_locked(start, bytes)) ++faults_;
    pinned_[start] = bytes;
    return Status();
  }

  Status unpin(void* address, uint64_t bytes) override {
    const std::lock_guard lock(mutex_);
    const auto found = pinned_.find(reinterpret_cast<uint64_t>(address));
    if (found == pinned_.end() || found->second != bytes) ++faults_;
    if (unpin_fails_) return Status::error(Code::kDevice, "fake: unpin fails", 701);
    if (found != pinned_.end()) pinned_.erase(found);
    return Status();
  }

 private:
  bool holds_locked(uint64_t address, uint64_t bytes) const {
    const auto after = pinned_.lower_bound(address + bytes);
    return after != pinned_.begin() && std::prev(after)->first + std::prev(after)->second > address;
  }

  mutable std::mutex mutex_;
  std::condition_variable moved_;
  std::map<uint64_t, uint64_t> pinned_;
  uint64_t pins_ = 0;
  uint64_t entered_ = 0;
  uint64_t failing_pin_ = 0;
  uint64_t faults_ = 0;
  Code code_ = Code::kNoMemory;
  bool fails_always_ = false;
  bool unpin_fails_ = false;
  bool held_ = false;
};

}  // namespace windlass::fake
