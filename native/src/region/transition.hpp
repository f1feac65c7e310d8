// Transitions: pausing or resuming some regions as one, so that all of them are in the new state or all in the old.
//
// A pause drains the devices, tells the observers, gets the backups' room, and then saves and releases: of each region
// the part that is safe in its backup is released while the next is copied, and several regions move at once. Regions
// without backup, which could not be brought back, are released last. If anything fails, what was released is taken
// again and restored. Where it cannot be had again, that region is PAUSED with its bytes kept, and its outcome says so;
// nothing is lost in any case but the content of regions without backup.
//
// A resume takes memory for all, then restores all, then gives the backups up. If anything fails, what was taken is
// given back, and all stay paused.
//
// Threads: any. Transitions that share regions wait for one another.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "region/region.hpp"

namespace windlass {

enum class OutcomeKind : int32_t {
  kUntouched = 0,  // the transition did not begin
  kDone = 1,
  kSkipped = 2,   // was there already
  kUndone = 3,    // is as it was before
  kStranded = 4,  // could not be brought back: it is PAUSED, with its bytes kept
};

struct TransitionOptions {
  bool skip_done = false;       // pass over regions that are in the new state already; otherwise they are an error
  WorkerPool* lanes = nullptr;  // moves several regions at once
};

// What became of one region. The caller names the region, and keeps it alive.
template <typename Report>
struct RegionOutcome {
  Region* region = nullptr;
  OutcomeKind kind = OutcomeKind::kUntouched;
  Status status;
  Report report;
};
using PauseOutcome = RegionOutcome<PauseReport>;
using ResumeOutcome = RegionOutcome<ResumeReport>;

// Errors: as Region::pause and Region::resume; kInvalidArgument (the same region twice). The error is that of the
// region which failed first, and names it.
Status pause_regions(std::span<PauseOutcome> outcomes, const TransitionOptions& options);
Status resume_regions(std::span<ResumeOutcome> outcomes, const TransitionOptions& options);

}  // namespace windlass
