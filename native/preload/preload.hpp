// What the preloaded library does, without the names by which it is called: allocations as regions, found again by
// their addresses, and the scopes that say what they are like.
//
//                 allocate              pause
//   (no region) ─────────────▶ ACTIVE ─────────▶ PAUSED
//        ▲                       │    ◀─────────    │
//        │                       │      resume      │
//        └───────────────────────┴──────────────────┘
//                     release, in either state
//
// If the environment cannot be understood, nothing is interposed and every other call fails with the reason.
//
// Threads: any. No lock is held while a region is opened, closed, paused or resumed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "device/device.hpp"
#include "preload/backup_choice.hpp"
#include "preload/configuration.hpp"
#include "region/region_set.hpp"

namespace windlass {

// Opens the device of an ordinal, as CUDA's runtime counts them.
using DeviceForOrdinal = std::function<Result<std::shared_ptr<Device>>(int ordinal)>;

// What a scope says; the rest is as around.
struct ScopeRequest {
  std::optional<bool> enabled;
  std::optional<std::string> tag;
  BackupRequest backup;
};

class Preload {
 public:
  Preload(const Result<PreloadConfiguration>& configuration, DeviceForOrdinal open_device);
  Preload(const Preload&) = delete;
  Preload& operator=(const Preload&) = delete;

  // OK, or why the environment cannot be followed.
  const Status& configured() const noexcept { return configured_; }

  // Whether an allocation of the calling thread is to be a region now.
  bool interposes() const noexcept;

  // Opens a region as the calling thread's scope says, whether or not that is enabled, and returns its address. Errors:
  // kInvalidArgument; kNoMemory; kNoSpace; kDevice; those of opening the device.
  Result<uint64_t> allocate(uint64_t size_bytes, int ordinal);

  // Closes the region that starts at the address, once its device has finished its work. Nothing if there is none. If
  // the device fails, the region is closed nevertheless, and the failure is told.
  std::optional<Status> release(uint64_t address);

  // Errors: kInvalidArgument; kState; those of Backups::maker.
  Result<uint64_t> enter(const ScopeRequest& request);
  Status leave(uint64_t scope);

  SetReport<PauseReport> pause(std::optional<std::string_view> tag, bool skip_done);
  SetReport<ResumeReport> resume(std::optional<std::string_view> tag, bool skip_done);
  RegionSetInfo info(std::optional<std::string_view> tag) const { return set_->info(tag); }

  void set_margin(uint64_t margin_bytes) noexcept;
  uint64_t margin_bytes() const noexcept { return margin_bytes_; }
  Status prepare_pool(uint64_t bytes) { return backups_.prepare_pool(bytes); }

  // Calls of allocate and release that failed, and the last reason.
  void note_failure(const Status& failure) noexcept;
  uint64_t failures() const noexcept { return failures_; }
  Status last_failure() const;

 private:
  Status configure(const Result<PreloadConfiguration>& configuration);
  Result<std::shared_ptr<Device>> device(int ordinal);

  const DeviceForOrdinal open_device_;
  const std::shared_ptr<RegionSet> set_;
  Backups backups_;
  // The scope around all scopes: fixed once it is configured.
  bool around_all_ = false;
  ScopeSettings around_;
  BackupChoice around_backup_;
  std::atomic<uint64_t> margin_bytes_ = 0;
  std::atomic<uint64_t> region_count_ = 0;
  std::atomic<uint64_t> failures_ = 0;

  std::mutex devices_mutex_;  // held while a device is opened
  std::map<int, std::shared_ptr<Device>> devices_;
  mutable std::mutex mutex_;                             // guards what follows
  std::map<uint64_t, std::shared_ptr<Region>> regions_;  // by address
  Status last_failure_;

  const Status configured_;  // what it takes stands above
};

}  // namespace windlass
