// The moment until which a call may wait. No call waits for ever: whoever sets no limit gets a long one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/clock.hpp"

namespace windlass {

class Deadline {
 public:
  static Deadline after(std::chrono::nanoseconds time) noexcept {
    const uint64_t now = now_ns();
    const uint64_t wait = time.count() > 0 ? static_cast<uint64_t>(time.count()) : 0;
    return Deadline(wait > std::numeric_limits<uint64_t>::max() - now ? std::numeric_limits<uint64_t>::max()
                                                                      : now + wait);
  }

  bool expired() const noexcept { return now_ns() >= at_ns_; }

  std::chrono::nanoseconds remaining() const noexcept {
    const uint64_t now = now_ns();
    constexpr auto kLongest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return std::chrono::nanoseconds(static_cast<int64_t>(now >= at_ns_ ? 0 : std::min(at_ns_ - now, kLongest)));
  }

  // For poll() and epoll_wait(): rounded up, so that nobody wakes just before the time; 0 once it has come.
  int remaining_ms() const noexcept {
    constexpr int64_t kLongest = std::numeric_limits<int>::max();
    const int64_t left_ns = remaining().count();
    return static_cast<int>(std::min(left_ns / 1'000'000 + (left_ns % 1'000'000 != 0 ? 1 : 0), kLongest));
  }

  // On now_ns()'s clock.
  uint64_t at_ns() const noexcept { return at_ns_; }

 private:
  explicit Deadline(uint64_t at_ns) noexcept : at_ns_(at_ns) {}

  uint64_t at_ns_;
};

}  // namespace windlass
