#include "archive/archive_job.hpp"

#include <algorithm>

#include "base/contain.hpp"

namespace windlass {

namespace {

constexpr auto kLongestWait = std::chrono::hours(24 * 365);

}  // namespace

ArchiveJob::ArchiveJob(Work work, bool keeps_entries)
    : work_(std::move(work)), keeps_entries_(keeps_entries), thread_("archive", [this] { return this->work(); }) {}

Result<std::shared_ptr<ArchiveJob>> ArchiveJob::start(Work work, bool keeps_entries) {
  auto job = std::make_shared<ArchiveJob>(std::move(work), keeps_entries);
  if (Status begun = job->thread_.wake(); !begun.ok()) return begun;
  return job;
}

bool ArchiveJob::work() {
  std::vector<ArchiveEntry> entries;
  std::optional<ArchiveReport> report;
  const Status done = contain([&] {
    Result<ArchiveReport> made = work_(state_, keeps_entries_ ? &entries : nullptr);
    if (made.ok()) report = *made;
    return made.status();
  });
  const std::lock_guard lock(mutex_);
  state_.phase.store(ArchivePhase::kDone, std::memory_order_relaxed);
  entries_ = std::move(entries);
  if (report.has_value()) {
    outcome_.emplace(*report);
  } else {
    outcome_.emplace(done);
  }
  done_.notify_all();
  return false;
}

Result<ArchiveReport> ArchiveJob::wait(std::chrono::nanoseconds most) {
  std::unique_lock lock(mutex_);
  const auto limit = std::min<std::chrono::nanoseconds>(most, kLongestWait);
  if (!done_.wait_for(lock, limit, [this] { return outcome_.has_value(); })) {
    return Status::error(Code::kTimeout, "the job is not done yet; wait longer, or cancel it");
  }
  return *outcome_;
}

Result<const std::vector<ArchiveEntry>*> ArchiveJob::entries() {
  const std::lock_guard lock(mutex_);
  if (!outcome_.has_value() || !outcome_->ok() || !keeps_entries_) {
    return Status::error(Code::kState,
                         "the job has no entries to tell: it is not done, failed, or was not told to keep them");
  }
  return &entries_;
}

void ArchiveJob::close() noexcept {
  cancel();
  thread_.end();
}

}  // namespace windlass
