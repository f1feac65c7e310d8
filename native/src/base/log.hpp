// The log: whoever has something to say says it here, whoever wants to know subscribes.
//
// Lines go to every subscriber that exists when they are written; without one they are dropped for the price of an
// atomic load. A subscriber keeps the newest lines up to its capacity and counts what it lost.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/live_count.hpp"
#include "base/status.hpp"

namespace windlass {

enum class LogLevel : int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

struct LogLine {
  LogLevel level = LogLevel::kInfo;
  int64_t time_unix_ns = 0;
  uint64_t dropped = 0;
  std::string source;
  std::string message;
};

class LogSubscriber {
 public:
  // For open().
  LogSubscriber(LogLevel level, size_t capacity);
  ~LogSubscriber();
  LogSubscriber(const LogSubscriber&) = delete;
  LogSubscriber& operator=(const LogSubscriber&) = delete;

  // Starts to receive lines of this level and above. Errors: kInvalidArgument (capacity 0).
  static Result<std::shared_ptr<LogSubscriber>> open(LogLevel level, size_t capacity);

  // Takes the oldest line. Errors: kTimeout; kStaleHandle once closed.
  Result<LogLine> read(std::chrono::nanoseconds timeout);

  // Ends reads that wait, and all later ones.
  void close() noexcept;

  // Hands a line over; for the log itself. Needs no memory: a line longer than a slot is cut.
  void offer(LogLevel level, int64_t time_unix_ns, std::string_view source, std::string_view message) noexcept;

  LogLevel level() const noexcept { return level_; }

 private:
  struct Kept {
    LogLevel level = LogLevel::kInfo;
    int64_t time_unix_ns = 0;
    std::array<char, 24> source{};
    std::array<char, 456> message{};
  };

  const LiveCount live_{Kind::kLog};
  const LogLevel level_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Kept> ring_;
  size_t first_ = 0;
  size_t kept_ = 0;
  uint64_t dropped_ = 0;
  bool closed_ = false;
};

// Whether anybody listens at this level: ask before building an expensive line.
bool log_wanted(LogLevel level) noexcept;

// Never fails, and needs no memory.
void log(LogLevel level, std::string_view source, std::string_view message) noexcept;

}  // namespace windlass
