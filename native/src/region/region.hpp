// A region: device memory that can be given away for a while and had back, at the same addresses, with the same bytes.
//
//            pause
//   ACTIVE ─────────▶ PAUSED
//          ◀─────────
//            resume
//
// The state changes only when a transition went through (see region/transition.hpp, which also takes many regions at
// once). One that fails is undone: the region is as it was before. If memory given back meanwhile cannot be had again,
// the region is PAUSED, its bytes are in the backup or still in place, and the error says so.
//
// Threads: any; calls on one region are serialised, but info, attach and detach wait for nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backup/backup.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "device/allocation.hpp"
#include "device/device.hpp"
#include "device/page_export.hpp"

namespace windlass {

enum class RegionState : int32_t { kActive = 1, kPaused = 2 };

struct RegionInfo {
  RegionState state = RegionState::kActive;
  bool content_defined = true;
  uint64_t address = 0;
  uint64_t size_bytes = 0;
  uint64_t mapped_bytes = 0;
  uint64_t backup_bytes = 0;  // of host memory
  uint64_t stored_bytes = 0;  // in files
  uint64_t image_bytes = 0;   // that can be read from the backup
  uint64_t allocation_id = 0;
  uint64_t generation = 0;
};

struct PauseReport {
  uint64_t saved_bytes = 0;
  uint64_t freed_bytes = 0;
  uint64_t drain_ns = 0;
  uint64_t prepare_ns = 0;  // getting room, and telling observers
  uint64_t copy_ns = 0;     // releasing goes on meanwhile
  uint64_t settle_ns = 0;   // until the backup had all of it
  uint64_t release_ns = 0;  // what was left to release then
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

struct RegionOptions {
  uint64_t chunk_bytes = 0;  // 0: Region::kDefaultChunkBytes
  std::string tag = {};
  bool reserve = false;     // the backup gets its room at once, not at the first pause
  int32_t backup_kind = 0;  // what whoever opens it calls the backup
};

class Region {
 public:
  static constexpr uint64_t kDefaultChunkBytes = uint64_t{64} << 20;

  // Opens a region, active and zeroed. Errors: kInvalidArgument; kNoMemory; kNoSpace (backup); kDevice.
  static Result<std::shared_ptr<Region>> open(std::shared_ptr<Device> device, uint64_t size_bytes,
                                              std::unique_ptr<Backup> backup, const RegionOptions& options = {});

  // For open().
  Region(std::unique_ptr<Allocation> allocation, std::unique_ptr<Backup> backup, uint64_t size_bytes,
         const RegionOptions& options);

  // Errors: kState; kNoSpace, kNoMemory, kIo (backup); kDevice; what an observer refuses with.
  Result<PauseReport> pause();

  // Errors: kState; kNoMemory; kCorrupt; kIo; kDevice.
  Result<ResumeReport> resume();

  // Copy out of and into an active region. Errors: kState; kInvalidArgument; kDevice.
  Status read(uint64_t offset, void* target, uint64_t bytes);
  Status write(uint64_t offset, const void* source, uint64_t bytes);

  // Copies from the backup's image: while paused, and afterwards if the backup retains it. Errors: kState (no image);
  // kInvalidArgument; kUnsupported; kCorrupt; kIo.
  Status read_backup(uint64_t offset, void* target, uint64_t bytes);
  // The image from offset on, as far as it lies in memory in one piece. Valid until the region is resumed, or paused
  // again where the backup retains. Errors: kState; kInvalidArgument; kUnsupported (not in memory).
  Result<std::span<const std::byte>> view_backup(uint64_t offset);

  // Declares the content defined. Errors: kState.
  Status acknowledge();

  // Watches the pages. Errors: kState (paused).
  Result<Pages> attach(std::shared_ptr<PageObserver> observer);
  void detach(const PageObserver* observer) noexcept;

  // Shares the pages that there are now. Errors: kState (paused); kUnsupported; kNoMemory; kDevice.
  Result<std::shared_ptr<PageExport>> export_pages();

  RegionInfo info() const;
  const std::string& tag() const noexcept { return tag_; }
  int32_t backup_kind() const noexcept { return backup_kind_; }
  Device& device() const noexcept { return allocation_->device(); }

  // A number for whoever opened it, and gives it meaning.
  uint64_t label() const noexcept { return label_; }
  void set_label(uint64_t label) noexcept { label_ = label; }
  // Something that ends with the region. To be set before others see the region.
  void set_companion(std::shared_ptr<void> companion) noexcept { companion_ = std::move(companion); }

 private:
  friend class PauseTransition;
  friend class ResumeTransition;

  // The steps of a transition; its mutex is held for all of them.
  Status check_state(RegionState wanted, const char* verb) const;
  Status prepare_backup();
  Status save_and_release(PauseReport& report);
  Status release_all(PauseReport& report);
  void finish_pause(PauseReport& report);
  Status undo_pause(const Status& cause);
  Status take_memory(ResumeReport& report);
  Status restore_gone(uint64_t* restored_bytes);
  void finish_resume(ResumeReport& report);
  void undo_resume() noexcept;

  struct Progress;
  Status save_extents(Progress& progress, PauseReport& report);
  Status release_settled(Progress& progress);
  Status release_range(size_t first, size_t last);
  uint64_t extent_bytes(size_t index) const noexcept;
  void give_back_gone() noexcept;
  Status check_access(uint64_t offset, const void* memory, uint64_t bytes, const char* verb) const;
  Status check_image(uint64_t offset, uint64_t bytes) const;
  std::string describe() const;

  const LiveCount live_{Kind::kRegion};
  mutable std::mutex mutex_;
  std::unique_ptr<Allocation> allocation_;
  std::unique_ptr<Backup> backup_;
  const uint64_t size_bytes_;
  const std::string tag_;
  const int32_t backup_kind_;
  std::vector<bool> gone_;  // of each extent: its bytes are in the backup only
  std::atomic<RegionState> state_ = RegionState::kActive;
  std::atomic<uint64_t> defined_bytes_;    // content is defined from the start up to here
  std::atomic<uint64_t> image_bytes_ = 0;  // what of the backup can be read
  std::atomic<uint64_t> label_ = 0;
  std::shared_ptr<void> companion_;
};

}  // namespace windlass
