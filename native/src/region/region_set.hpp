// A set of regions: opened with the settings of the current scope, and paused and resumed by tag.
//
// A scope says what the regions that its thread opens in a set are like: their tag, device and backup. Scopes nest;
// what an inner one leaves unsaid is as in the outer one, and leaving it restores the outer one's settings. In a scope
// that is disabled, regions are opened that are no members: no call by tag reaches them.
//
// The set does not keep its regions alive: whoever opened one closes it, in either state.
//
// Threads: any. Scopes belong to the thread that entered them.
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
#include <vector>

#include "base/live_count.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "region/region.hpp"
#include "region/transition.hpp"

namespace windlass {

// What regions are opened with.
struct RegionPlan {
  std::function<Result<std::unique_ptr<Backup>>(const std::shared_ptr<Device>& device)> make_backup;
  RegionOptions options;  // the tag is the scope's
};

// What is empty is as in the scope around.
struct ScopeSettings {
  std::optional<std::string> tag;
  std::shared_ptr<Device> device;
  std::shared_ptr<const RegionPlan> plan;
  std::optional<bool> enabled;
};

struct RegionSetOptions {
  uint64_t margin_bytes = 0;                         // a region that would leave less of its device free is refused
  uint32_t lanes = 0;                                // regions that move at once; 0: as many as pay on this machine
  std::shared_ptr<const RegionPlan> plan = nullptr;  // where no scope has one; null: with a pageable backup
};

struct RegionSetInfo {
  uint64_t regions = 0;
  uint64_t paused = 0;
  uint64_t size_bytes = 0;
  uint64_t mapped_bytes = 0;
  uint64_t backup_bytes = 0;
  uint64_t stored_bytes = 0;
};

// What became of a call over many regions. The outcomes are in the order in which the regions were opened.
template <typename Report>
struct SetReport {
  Status status;
  std::vector<std::shared_ptr<Region>> regions;  // keeps those alive that the outcomes name
  std::vector<RegionOutcome<Report>> outcomes;
  uint64_t total_ns = 0;
};

class RegionSet : public std::enable_shared_from_this<RegionSet> {
 public:
  explicit RegionSet(const RegionSetOptions& options) noexcept;

  static std::shared_ptr<RegionSet> open(const RegionSetOptions& options);

  // Opens a region as the current scope says, save for what is given; without a plan in either, with the
  // set's. Errors: as Region::open; kInvalidArgument (no device here or in a scope); kNoMemory (also if less than the
  // margin would be left).
  Result<std::shared_ptr<Region>> open_region(uint64_t size_bytes, const ScopeSettings& given);

  // Pauses, or resumes, the members with the tag, or all. No such member is no error. See region/transition.hpp.
  SetReport<PauseReport> pause(std::optional<std::string_view> tag, bool skip_done);
  SetReport<ResumeReport> resume(std::optional<std::string_view> tag, bool skip_done);
  // The same with these regions, members or not.
  SetReport<PauseReport> pause_these(std::vector<std::shared_ptr<Region>> regions, bool skip_done);
  SetReport<ResumeReport> resume_these(std::vector<std::shared_ptr<Region>> regions, bool skip_done);

  RegionSetInfo info(std::optional<std::string_view> tag) const;

  // The members with the tag, or all, in the order in which they were opened.
  std::vector<std::shared_ptr<Region>> members(std::optional<std::string_view> tag) const;

  void set_margin(uint64_t margin_bytes) noexcept { margin_bytes_ = margin_bytes; }

  // Begins a scope of the calling thread. Returns its number, for leave.
  Result<uint64_t> enter(const ScopeSettings& settings);
  // Errors: kState (not the innermost scope of this thread).
  Status leave(uint64_t scope);
  // What the calling thread's scopes of this set amount to.
  ScopeSettings current() const;

 private:
  Status check_margin(const Device& device, uint64_t size_bytes) const;
  void add(const std::shared_ptr<Region>& region);

  const LiveCount live_{Kind::kRegionSet};
  const uint64_t id_;
  std::atomic<uint64_t> margin_bytes_;
  const std::shared_ptr<const RegionPlan> plan_;
  WorkerPool lanes_;
  mutable std::mutex mutex_;                                                               // guards what follows
  std::map<std::string, std::map<uint64_t, std::weak_ptr<Region>>, std::less<>> members_;  // by tag, then by age
  std::map<uint64_t, ScopeSettings> scopes_;  // merged with those around them
  uint64_t last_member_ = 0;
  uint64_t last_scope_ = 0;
};

}  // namespace windlass
