// Time for measuring, and time for waiting.
#pragma once

#include <chrono>
#include <cstdint>

namespace windlass {

// Monotonic, from an unspecified start.
inline uint64_t now_ns() noexcept {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

// Nanoseconds since 1970.
inline int64_t unix_time_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Tells the time of one phase after another.
class Stopwatch {
 public:
  // The time since the last lap, or since the start.
  uint64_t lap_ns() noexcept {
    const uint64_t now = now_ns();
    const uint64_t lap = now - lap_start_ns_;
    lap_start_ns_ = now;
    return lap;
  }
  uint64_t total_ns() const noexcept { return now_ns() - start_ns_; }

 private:
  uint64_t start_ns_ = now_ns();
  uint64_t lap_start_ns_ = start_ns_;
};

}  // namespace windlass
