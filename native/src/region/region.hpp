// A region: device memory that can be given away for a while and had back, at the same addresses, with the same bytes.
//
//            pause
//   ACTIVE ─────────▶ PAUSED
//          ◀─────────
//            resume
//
// The state changes only when a transition went through. One that fails is undone: the region is as it was before. If
// memory given back meanwhile cannot be had again, the region is PAUSED, its bytes are in the backup, and the error
// says so.
//
// Threads: any; calls on one region are serialised.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backup/backup.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "device/allocation.hpp"
#include "device/device.hpp"

namespace windlass {

enum class RegionState : int32_t { kActive = 1, kPaused = 2 };

struct RegionInfo {
  RegionState state = RegionState::kActive;
  bool content_defined = true;
  uint64_t address = 0;
  uint64_t size_bytes = 0;
  uint64_t mapped_bytes = 0;
  uint64_t backup_bytes = 0;
  uint64_t generation = 0;
};

struct PauseReport {
  uint64_t saved_bytes = 0;
  uint64_t freed_bytes = 0;
  uint64_t drain_ns = 0;
  uint64_t prepare_ns = 0;
  uint64_t copy_ns = 0;
  uint64_t release_ns = 0;
  uint64_t total_ns = 0;
  uint64_t generation = 0;
};

struct ResumeReport {
  uint64_t restored_bytes = 0;
  uint64_t taken_bytes = 0;
  uint64_t map_ns = 0;
  uint64_t copy_ns = 0;
  uint64_t release_ns = 0;
  uint64_t total_ns = 0;
  uint64_t generation = 0;
};

class Region {
 public:
  static constexpr uint64_t kDefaultChunkBytes = uint64_t{64} << 20;

  // Opens a region, active and zeroed. chunk_bytes 0 is the default. Errors: kInvalidArgument; kNoMemory; kDevice.
  static Result<std::shared_ptr<Region>> open(std::shared_ptr<Device> device, uint64_t size_bytes,
                                              std::unique_ptr<Backup> backup, uint64_t chunk_bytes = 0);

  // For open().
  Region(std::unique_ptr<Allocation> allocation, std::unique_ptr<Backup> backup, uint64_t size_bytes) noexcept;

  // Errors: kState; kNoSpace, kNoMemory (backup); kDevice.
  Result<PauseReport> pause();

  // Errors: kState; kNoMemory; kCorrupt; kDevice.
  Result<ResumeReport> resume();

  // Copy out of and into an active region. Errors: kState; kInvalidArgument; kDevice.
  Status read(uint64_t offset, void* target, uint64_t bytes);
  Status write(uint64_t offset, const void* source, uint64_t bytes);

  // Declares the content defined. Errors: kState.
  Status acknowledge();

  RegionInfo info() const;

 private:
  Status check_state(RegionState wanted, const char* verb) const;
  Status check_access(uint64_t offset, const void* memory, uint64_t bytes, const char* verb) const;
  Status save_all(uint64_t* saved_bytes);
  Status restore(const std::vector<size_t>& extents, uint64_t* restored_bytes);
  Status undo_release(const Status& cause);
  std::string describe() const;

  const LiveCount live_{Kind::kRegion};
  mutable std::mutex mutex_;
  std::unique_ptr<Allocation> allocation_;
  std::unique_ptr<Backup> backup_;
  const uint64_t size_bytes_;
  RegionState state_ = RegionState::kActive;
  uint64_t generation_ = 1;
  uint64_t defined_bytes_;  // content is defined from the start up to here
};

}  // namespace windlass
