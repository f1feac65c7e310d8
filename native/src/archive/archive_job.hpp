// A save, load or verification under way, in a thread of its own.
//
// It begins when it is made, and is done once: with a report, or with what went wrong. Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "archive/archive_types.hpp"
#include "archive/work_state.hpp"
#include "base/background_thread.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"

namespace windlass {

class ArchiveJob {
 public:
  // May fill the entries, where there is room for them.
  using Work = std::function<Result<ArchiveReport>(WorkState& state, std::vector<ArchiveEntry>* entries)>;

  // For start().
  ArchiveJob(Work work, bool keeps_entries);
  ~ArchiveJob() { close(); }
  ArchiveJob(const ArchiveJob&) = delete;
  ArchiveJob& operator=(const ArchiveJob&) = delete;

  // Errors: kNoMemory (the system gives no thread).
  static Result<std::shared_ptr<ArchiveJob>> start(Work work, bool keeps_entries);

  // The report, once there is one. Errors: kTimeout; those of the work.
  Result<ArchiveReport> wait(std::chrono::nanoseconds most);

  const WorkState& state() const noexcept { return state_; }
  void cancel() noexcept { state_.cancelled.store(true, std::memory_order_relaxed); }

  // What the work told of them. Errors: kState (it is not done, has failed, or was to keep none).
  Result<const std::vector<ArchiveEntry>*> entries();

  // Cancels it, and waits until it has ended.
  void close() noexcept;

 private:
  bool work();

  const LiveCount live_{Kind::kArchiveJob};
  const Work work_;
  const bool keeps_entries_;
  WorkState state_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable done_;
  std::optional<Result<ArchiveReport>> outcome_;
  std::vector<ArchiveEntry> entries_;  // not changed any more once there is an outcome
  BackgroundThread thread_;            // last, so that it ends first
};

}  // namespace windlass
