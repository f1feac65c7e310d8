#include "region/transition.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Runs step on each, several at once if there are lanes.
template <typename Outcome, typename Step>
Status for_each_at_once(const std::vector<Outcome*>& outcomes, WorkerPool* lanes, Step&& step) {
  if (lanes != nullptr && outcomes.size() > 1) {
    return lanes->run(outcomes.size(), [&](uint64_t index) { return step(*outcomes[index]); });
  }
  for (Outcome* outcome : outcomes) {
    if (Status done = step(*outcome); !done.ok()) return done;
  }
  return Status();
}

}  // namespace

class PauseTransition {
 public:
  PauseTransition(std::span<PauseOutcome> outcomes, const TransitionOptions& options) noexcept
      : outcomes_(outcomes), options_(options) {}

  Status run();

 private:
  Status pick();
  Status perform();
  Status drain();
  Status get_room();
  Status move_all();
  Status undo(const Status& cause);
  Status tell_of(const PauseOutcome& outcome, const Status& status) const;

  const std::span<PauseOutcome> outcomes_;
  const TransitionOptions options_;
  Stopwatch watch_;
  std::vector<std::unique_lock<std::mutex>> locks_;
  std::vector<PauseOutcome*> picked_;
  size_t told_ = 0;  // so many of the picked have had their observers told
};

class ResumeTransition {
 public:
  ResumeTransition(std::span<ResumeOutcome> outcomes, const TransitionOptions& options) noexcept
      : outcomes_(outcomes), options_(options) {}

  Status run();

 private:
  Status pick();
  Status perform();

  const std::span<ResumeOutcome> outcomes_;
  const TransitionOptions options_;
  Stopwatch watch_;
  std::vector<std::unique_lock<std::mutex>> locks_;
  std::vector<ResumeOutcome*> picked_;
};

namespace {

// Locks the regions of all outcomes, in an order that is the same for everybody.
template <typename Outcome, typename Mutex>
Status lock_all(std::span<Outcome> outcomes, Mutex&& mutex_of, std::vector<std::unique_lock<std::mutex>>& locks) {
  std::vector<Region*> regions;
  regions.reserve(outcomes.size());
  for (const Outcome& outcome : outcomes) regions.push_back(outcome.region);
  std::sort(regions.begin(), regions.end(), std::less<>());
  if (std::adjacent_find(regions.begin(), regions.end()) != regions.end()) {
    return Status::error(Code::kInvalidArgument, "the same region is named twice in one call; name each once");
  }
  locks.reserve(regions.size());
  for (Region* region : regions) locks.emplace_back(mutex_of(*region));
  return Status();
}

}  // namespace

Status PauseTransition::run() {
  Status begun = contain([&] {
    Status locked = lock_all(
        outcomes_, [](Region& region) -> std::mutex& { return region.mutex_; }, locks_);
    return locked.ok() ? pick() : locked;
  });
  if (!begun.ok()) return begun;
  Status paused = contain([&] { return perform(); });
  if (!paused.ok()) return undo(paused);
  for (PauseOutcome* outcome : picked_) {
    outcome->kind = OutcomeKind::kDone;
    outcome->report.total_ns = watch_.total_ns();
    outcome->region->finish_pause(outcome->report);
  }
  return paused;
}

Status PauseTransition::pick() {
  picked_.reserve(outcomes_.size());
  for (PauseOutcome& outcome : outcomes_) {
    Status state = outcome.region->check_state(RegionState::kActive, "pause");
    if (state.ok()) {
      picked_.push_back(&outcome);
    } else if (options_.skip_done) {
      outcome.kind = OutcomeKind::kSkipped;
    } else {
      outcome.status = state;
      return state;
    }
  }
  return Status();
}

Status PauseTransition::perform() {
  if (Status idle = drain(); !idle.ok()) return idle;
  if (Status room = get_room(); !room.ok()) return room;
  return move_all();
}

Status PauseTransition::drain() {
  std::set<Device*> drained;
  for (PauseOutcome* outcome : picked_) {
    Stopwatch watch;
    Device& device = outcome->region->device();
    if (!drained.insert(&device).second) continue;
    if (Status idle = device.drain(); !idle.ok()) return tell_of(*outcome, idle);
    outcome->report.drain_ns = watch.lap_ns();
  }
  return Status();
}

Status PauseTransition::get_room() {
  for (PauseOutcome* outcome : picked_) {
    Stopwatch watch;
    if (Status agreed = outcome->region->allocation_->record().announce_release(); !agreed.ok()) {
      return tell_of(*outcome, agreed);
    }
    ++told_;
    outcome->report.prepare_ns = watch.lap_ns();
  }
  for (PauseOutcome* outcome : picked_) {
    Stopwatch watch;
    if (Status room = outcome->region->prepare_backup(); !room.ok()) return tell_of(*outcome, room);
    outcome->report.prepare_ns += watch.lap_ns();
  }
  return Status();
}

Status PauseTransition::move_all() {
  const auto keeps = [](const PauseOutcome* outcome) { return outcome->region->backup_->keeps_bytes(); };
  std::vector<PauseOutcome*> keeping = picked_;
  std::erase_if(keeping, [&](const PauseOutcome* outcome) { return !keeps(outcome); });
  Status moved = for_each_at_once(keeping, options_.lanes, [&](PauseOutcome& outcome) {
    const uint64_t before_ns = watch_.total_ns();
    Status done = outcome.region->save_and_release(outcome.report);
    const uint64_t took_ns = watch_.total_ns() - before_ns;
    outcome.report.release_ns += took_ns - std::min(took_ns, outcome.report.copy_ns + outcome.report.settle_ns);
    return tell_of(outcome, done);
  });
  if (!moved.ok()) return moved;
  for (PauseOutcome* outcome : picked_) {
    if (keeps(outcome)) continue;
    if (Status released = outcome->region->release_all(outcome->report); !released.ok()) {
      return tell_of(*outcome, released);
    }
  }
  return Status();
}

Status PauseTransition::undo(const Status& cause) {
  Status worst;
  for (size_t index = picked_.size(); index > 0; --index) {
    PauseOutcome& outcome = *picked_[index - 1];
    outcome.kind = OutcomeKind::kUndone;
    outcome.report = PauseReport();
    if (index > told_) {
      outcome.status = cause;
      continue;
    }
    outcome.status = outcome.region->undo_pause(cause);
    if (outcome.region->state_ == RegionState::kActive) continue;
    outcome.kind = OutcomeKind::kStranded;
    if (worst.ok()) worst = outcome.status;
  }
  if (picked_.size() == 1) {
    return told_ == 1 ? picked_[0]->status : cause.with_prefix(text(picked_[0]->region->describe(), " stays active"));
  }
  if (!worst.ok()) return worst;
  return cause.with_prefix(text("none of ", picked_.size(), " regions is paused"));
}

// Where there are several, the message names the one it happened to.
Status PauseTransition::tell_of(const PauseOutcome& outcome, const Status& status) const {
  return status.ok() || picked_.size() == 1 ? status : status.with_prefix(outcome.region->describe());
}

Status ResumeTransition::run() {
  Status begun = contain([&] {
    Status locked = lock_all(
        outcomes_, [](Region& region) -> std::mutex& { return region.mutex_; }, locks_);
    return locked.ok() ? pick() : locked;
  });
  if (!begun.ok()) return begun;
  Status resumed = contain([&] { return perform(); });
  if (!resumed.ok()) {
    for (ResumeOutcome* outcome : picked_) {
      outcome->region->undo_resume();
      outcome->kind = OutcomeKind::kUndone;
      outcome->report = ResumeReport();
      outcome->status = resumed;
    }
    const bool alone = picked_.size() == 1;
    return resumed.with_prefix(
        text(alone ? picked_[0]->region->describe() : text(picked_.size(), " regions"),
             alone ? " stays paused, with its backup intact" : " stay paused, with their backups intact"));
  }
  for (ResumeOutcome* outcome : picked_) {
    outcome->kind = OutcomeKind::kDone;
    outcome->report.total_ns = watch_.total_ns();
    outcome->region->finish_resume(outcome->report);
    outcome->report.total_ns = watch_.total_ns();
  }
  return resumed;
}

Status ResumeTransition::pick() {
  picked_.reserve(outcomes_.size());
  for (ResumeOutcome& outcome : outcomes_) {
    Status state = outcome.region->check_state(RegionState::kPaused, "resume");
    if (state.ok()) {
      picked_.push_back(&outcome);
    } else if (options_.skip_done) {
      outcome.kind = OutcomeKind::kSkipped;
    } else {
      outcome.status = state;
      return state;
    }
  }
  return Status();
}

Status ResumeTransition::perform() {
  const auto tell_of = [&](const ResumeOutcome& outcome, const Status& status) {
    return status.ok() || picked_.size() == 1 ? status : status.with_prefix(outcome.region->describe());
  };
  for (ResumeOutcome* outcome : picked_) {
    if (Status there = outcome->region->take_memory(outcome->report); !there.ok()) return tell_of(*outcome, there);
  }
  return for_each_at_once(picked_, options_.lanes, [&](ResumeOutcome& outcome) {
    Stopwatch watch;
    Status restored = outcome.region->restore_gone(&outcome.report.restored_bytes);
    outcome.report.copy_ns = watch.lap_ns();
    return tell_of(outcome, restored);
  });
}

Status pause_regions(std::span<PauseOutcome> outcomes, const TransitionOptions& options) {
  return PauseTransition(outcomes, options).run();
}

Status resume_regions(std::span<ResumeOutcome> outcomes, const TransitionOptions& options) {
  return ResumeTransition(outcomes, options).run();
}

}  // namespace windlass
