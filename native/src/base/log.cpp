#include "base/log.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Knows the subscribers; they belong to those who opened them.
class LogHub {
 public:
  static LogHub& instance() {
    static LogHub* const hub = std::make_unique<LogHub>().release();  // never destroyed: objects log during exit
    return *hub;
  }

  void add(LogSubscriber* subscriber) {
    const std::lock_guard lock(mutex_);
    subscribers_.push_back(subscriber);
    update_threshold_locked();
  }

  // After this returns, no line is handed to the subscriber any more.
  void remove(const LogSubscriber* subscriber) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(subscribers_, subscriber);
    update_threshold_locked();
  }

  bool wanted(LogLevel level) const noexcept {
    return static_cast<int32_t>(level) >= threshold_.load(std::memory_order_relaxed);
  }

  void send(LogLevel level, int64_t time_unix_ns, std::string_view source, std::string_view message) noexcept {
    const std::lock_guard lock(mutex_);
    for (LogSubscriber* subscriber : subscribers_) subscriber->offer(level, time_unix_ns, source, message);
  }

 private:
  static constexpr int32_t kNobody = 1000;

  void update_threshold_locked() noexcept {
    int32_t threshold = kNobody;
    for (const LogSubscriber* subscriber : subscribers_) {
      threshold = std::min(threshold, static_cast<int32_t>(subscriber->level()));
    }
    threshold_.store(threshold, std::memory_order_relaxed);
  }

  std::mutex mutex_;
  std::vector<LogSubscriber*> subscribers_;
  std::atomic<int32_t> threshold_ = kNobody;
};

}  // namespace

Result<std::shared_ptr<LogSubscriber>> LogSubscriber::open(LogLevel level, size_t capacity) {
  if (capacity == 0) return Status::error(Code::kInvalidArgument, "log: capacity is 0; it must keep at least one line");
  auto subscriber = std::make_shared<LogSubscriber>(level, capacity);
  LogHub::instance().add(subscriber.get());
  return subscriber;
}

LogSubscriber::LogSubscriber(LogLevel level, size_t capacity) : level_(level), ring_(capacity) {}

LogSubscriber::~LogSubscriber() { LogHub::instance().remove(this); }

Result<LogLine> LogSubscriber::read(std::chrono::nanoseconds timeout) {
  // A deadline much further away would overflow the clock.
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24);
  const auto deadline = std::chrono::steady_clock::now() + std::min(timeout, kLongest);
  std::unique_lock lock(mutex_);
  arrived_.wait_until(lock, deadline, [this] { return closed_ || kept_ > 0; });
  if (closed_) return Status::error(Code::kStaleHandle, "log: it is closed; open another to read on");
  if (kept_ == 0) return Status::error(Code::kTimeout, "log: no line came within the time given");
  const Kept& oldest = ring_[first_];
  LogLine line{oldest.level, oldest.time_unix_ns, dropped_, oldest.source.data(), oldest.message.data()};
  first_ = (first_ + 1) % ring_.size();
  --kept_;
  dropped_ = 0;
  return line;
}

void LogSubscriber::close() noexcept {
  LogHub::instance().remove(this);
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_all();
}

void LogSubscriber::offer(LogLevel level, int64_t time_unix_ns, std::string_view source,
                          std::string_view message) noexcept {
  if (level < level_) return;
  {
    const std::lock_guard lock(mutex_);
    if (kept_ == ring_.size()) {
      first_ = (first_ + 1) % ring_.size();
      --kept_;
      ++dropped_;
    }
    Kept& kept = ring_[(first_ + kept_) % ring_.size()];
    kept.level = level;
    kept.time_unix_ns = time_unix_ns;
    copy_text(kept.source, source);
    copy_text(kept.message, message);
    ++kept_;
  }
  arrived_.notify_one();
}

bool log_wanted(LogLevel level) noexcept { return LogHub::instance().wanted(level); }

void log(LogLevel level, std::string_view source, std::string_view message) noexcept {
  LogHub& hub = LogHub::instance();
  if (hub.wanted(level)) hub.send(level, unix_time_ns(), source, message);
}

}  // namespace windlass
