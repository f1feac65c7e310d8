// The steps that transitions are made of: what pausing and resuming do to one region.

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "region/region.hpp"

namespace windlass {

namespace {

// What of the range the machine still counts as there. Where it cannot tell, all of it: a report neither fails a
// transition nor claims what was not seen.
uint64_t measured_bytes(const Allocation& allocation) noexcept {
  uint64_t bytes = allocation.bytes();
  Status counted = contain([&] {
    Result<uint64_t> resident = allocation.device().resident_bytes(allocation.address(), allocation.bytes());
    if (resident.ok()) bytes = *resident;
    return resident.status();
  });
  if (!counted.ok()) log(LogLevel::kWarning, "region", counted.message());
  return bytes;
}

// Tells of a transition that went through. That there is no memory for the line must not fail it.
template <typename Line>
void tell(Line&& line) noexcept {
  if (!log_wanted(LogLevel::kInfo)) return;
  (void)contain([&] {
    log(LogLevel::kInfo, "region", line());
    return Status();
  });
}

std::string milliseconds_text(uint64_t ns) { return text(ns / 1000000, '.', ns / 100000 % 10, " ms"); }

}  // namespace

// What the thread that saves tells the one that releases.
struct Region::Progress {
  std::mutex mutex;
  std::condition_variable moved;
  uint64_t settled_bytes = 0;
  bool ended = false;   // nothing more settles
  bool failed = false;  // the other one need not go on
};

Status Region::prepare_backup() {
  image_bytes_ = 0;
  return backup_->prepare(size_bytes_);
}

Status Region::save_and_release(PauseReport& report) {
  Progress progress;
  const auto part = [&](uint64_t which) {
    Status done = contain([&] { return which == 0 ? save_extents(progress, report) : release_settled(progress); });
    const std::lock_guard lock(progress.mutex);
    progress.ended = progress.ended || which == 0;
    progress.failed = progress.failed || !done.ok();
    progress.moved.notify_all();
    return done;
  };
  // A single extent leaves nothing to overlap.
  if (allocation_->extents().size() > 1) return allocation_->device().pair().run(2, part);
  Status saved = part(0);
  return saved.ok() ? part(1) : saved;
}

Status Region::save_extents(Progress& progress, PauseReport& report) {
  Stopwatch watch;
  const auto pass_on = [&] {
    const std::lock_guard lock(progress.mutex);
    progress.settled_bytes = backup_->settled_bytes();
    progress.moved.notify_all();
    return !progress.failed;
  };
  for (size_t index = 0; index < allocation_->extents().size(); ++index) {
    const uint64_t offset = allocation_->extents()[index].offset;
    const uint64_t bytes = extent_bytes(index);
    Status saved = backup_->save(allocation_->device(), allocation_->address() + offset, offset, bytes);
    if (!saved.ok()) return saved;
    if (backup_->keeps_bytes()) report.saved_bytes += bytes;
    if (!pass_on()) return Status();  // the release reports what failed
  }
  report.copy_ns += watch.lap_ns();
  Status settled = backup_->settle();
  report.settle_ns += watch.lap_ns();
  (void)pass_on();
  return settled;
}

Status Region::release_settled(Progress& progress) {
  const std::vector<Allocation::Extent>& extents = allocation_->extents();
  for (size_t next = 0; next < extents.size();) {
    size_t end = next;
    {
      std::unique_lock lock(progress.mutex);
      const auto is_settled = [&](size_t index) {
        return index < extents.size() && extents[index].offset + extent_bytes(index) <= progress.settled_bytes;
      };
      progress.moved.wait(lock, [&] { return is_settled(next) || progress.ended || progress.failed; });
      if (progress.failed || !is_settled(next)) return Status();
      while (is_settled(end)) ++end;
    }
    if (Status released = release_range(next, end); !released.ok()) return released;
    next = end;
  }
  return Status();
}

Status Region::release_range(size_t first, size_t last) {
  Status released = contain([&] { return allocation_->decommit(first, last); });
  for (size_t index = first; index < last; ++index) {
    if (!allocation_->extents()[index].usable) gone_[index] = true;
  }
  return released;
}

Status Region::release_all(PauseReport& report) {
  Stopwatch watch;
  Status released = release_range(0, gone_.size());
  report.release_ns += watch.lap_ns();
  return released;
}

void Region::finish_pause(PauseReport& report) {
  state_ = RegionState::kPaused;
  image_bytes_ = backup_->keeps_bytes() ? size_bytes_ : 0;
  allocation_->record().mark_gone();
  report.generation = allocation_->record().generation();
  const uint64_t bytes = allocation_->bytes();
  report.freed_bytes = bytes - std::min(bytes, measured_bytes(*allocation_));
  tell([&] {
    return text(describe(), " paused: ", bytes_text(report.saved_bytes), " saved, ", bytes_text(report.freed_bytes),
                " freed in ", milliseconds_text(report.total_ns));
  });
}

Status Region::undo_pause(const Status& cause) {
  const bool any_gone = std::find(gone_.begin(), gone_.end(), true) != gone_.end();
  Status undone = contain([&] {
    if (!any_gone) return Status();
    if (Status there = allocation_->commit(nullptr); !there.ok()) return there;
    uint64_t restored_bytes = 0;
    return restore_gone(&restored_bytes);
  });
  if (!undone.ok()) {
    give_back_gone();
    image_bytes_ = backup_->settled_bytes();
    state_ = RegionState::kPaused;
    allocation_->record().mark_gone();
    return undone.with_prefix(text(describe(), ": giving its memory back failed (", cause.message(),
                                   ") and so did taking it again; it is PAUSED, ",
                                   backup_->keeps_bytes() ? "its bytes are kept" : "without backup",
                                   ", and can be resumed once the cause is gone"));
  }
  const bool lost_bytes = any_gone && !backup_->keeps_bytes();
  if (lost_bytes) defined_bytes_ = 0;
  gone_.assign(gone_.size(), false);
  backup_->release();
  allocation_->record().announce_return(any_gone);
  return cause.with_prefix(
      text(describe(), lost_bytes ? " stays active, but has lost bytes for want of a backup" : " stays active"));
}

Status Region::take_memory(ResumeReport& report) {
  Stopwatch watch;
  const uint64_t committed_before = allocation_->committed_bytes();
  Status there = allocation_->commit(nullptr);
  report.map_ns += watch.lap_ns();
  report.taken_bytes = allocation_->committed_bytes() - committed_before;
  return there;
}

Status Region::restore_gone(uint64_t* restored_bytes) {
  for (size_t index = 0; index < gone_.size(); ++index) {
    if (!gone_[index]) continue;
    const uint64_t offset = allocation_->extents()[index].offset;
    const uint64_t bytes = extent_bytes(index);
    Status restored = backup_->restore(allocation_->device(), allocation_->address() + offset, offset, bytes);
    if (!restored.ok()) return restored;
    if (backup_->keeps_bytes()) *restored_bytes += bytes;
  }
  return Status();
}

void Region::finish_resume(ResumeReport& report) {
  Stopwatch watch;
  state_ = RegionState::kActive;
  if (!backup_->keeps_bytes()) defined_bytes_ = 0;
  gone_.assign(gone_.size(), false);
  if (!backup_->retains()) image_bytes_ = 0;
  backup_->release();
  report.release_ns = watch.lap_ns();
  allocation_->record().announce_return(false);
  report.generation = allocation_->record().generation();
  tell([&] {
    return text(describe(), " resumed: ", bytes_text(report.restored_bytes), " restored in ",
                milliseconds_text(report.total_ns));
  });
}

void Region::undo_resume() noexcept { give_back_gone(); }

// What cannot be given back stays listed as there, and the next resume makes use of it.
void Region::give_back_gone() noexcept {
  for (size_t first = 0; first < gone_.size(); ++first) {
    if (!gone_[first]) continue;
    size_t last = first + 1;
    while (last < gone_.size() && gone_[last]) ++last;
    Status given = contain([&] { return allocation_->decommit(first, last); });
    if (!given.ok()) log(LogLevel::kError, "region", given.message());
    first = last;
  }
}

uint64_t Region::extent_bytes(size_t index) const noexcept {
  const Allocation::Extent& extent = allocation_->extents()[index];
  return std::min(extent.bytes, size_bytes_ - extent.offset);
}

}  // namespace windlass
