// How far a job is, and whether it should go on: written by those who work, read by those who watch.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/status.hpp"

namespace windlass {

enum class ArchivePhase : int32_t { kScanning = 0, kMoving = 1, kFinishing = 2, kDone = 3 };

struct WorkState {
  std::atomic<ArchivePhase> phase{ArchivePhase::kScanning};
  std::atomic<uint64_t> done_bytes{0};
  std::atomic<uint64_t> total_bytes{0};
  std::atomic<uint64_t> entries{0};
  std::atomic<bool> cancelled{false};

  // Errors: kState (it was cancelled).
  Status check() const {
    if (!cancelled.load(std::memory_order_relaxed)) return Status();
    return Status::error(Code::kState, "the job was cancelled, and has cleaned up; start another");
  }
};

}  // namespace windlass
