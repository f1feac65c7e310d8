#include "windlass/region_set.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capi/guard.hpp"
#include "capi/limits.hpp"
#include "capi/region_options.hpp"
#include "region/region_set.hpp"

namespace {

using windlass::Code;
using windlass::Device;
using windlass::Kind;
using windlass::OutcomeKind;
using windlass::PauseReport;
using windlass::Region;
using windlass::RegionPlan;
using windlass::RegionSet;
using windlass::RegionSetInfo;
using windlass::Result;
using windlass::ResumeReport;
using windlass::ScopeSettings;
using windlass::SetReport;
using windlass::Status;
using windlass::text;

static_assert(WL_OUTCOME_UNTOUCHED == static_cast<int32_t>(OutcomeKind::kUntouched));
static_assert(WL_OUTCOME_DONE == static_cast<int32_t>(OutcomeKind::kDone));
static_assert(WL_OUTCOME_SKIPPED == static_cast<int32_t>(OutcomeKind::kSkipped));
static_assert(WL_OUTCOME_UNDONE == static_cast<int32_t>(OutcomeKind::kUndone));
static_assert(WL_OUTCOME_STRANDED == static_cast<int32_t>(OutcomeKind::kStranded));

constexpr size_t kLongestTag = 255;

wl_region_set_options default_region_set_options() noexcept {
  wl_region_set_options options{};
  options.struct_size = sizeof options;
  return options;
}

wl_region_scope_options default_scope() noexcept {
  wl_region_scope_options options{};
  options.struct_size = sizeof options;
  options.enabled = -1;
  return options;
}

// A set, and of its regions' backups what the ABI tells.
template <typename Work>
wl_status with_set(wl_region_set handle, wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<RegionSet>> found = windlass::capi::acquire<RegionSet>(handle, Kind::kRegionSet);
    return found.ok() ? work(**found) : found.status();
  });
}

Status take_tag(const char* tag, std::optional<std::string>* taken) {
  if (tag == nullptr) return Status();
  const size_t length = strnlen(tag, kLongestTag + 1);
  if (length > kLongestTag) {
    return Status::error(Code::kInvalidArgument, text("region set: a tag has at most ", kLongestTag, " bytes"));
  }
  taken->emplace(tag, length);
  return Status();
}

// Where a call's outcomes go.
struct OutcomeSpace {
  wl_region_outcome* first;
  uint32_t each_bytes;
  uint64_t capacity;
};

Status check_space(const OutcomeSpace& space, int32_t skip_done) {
  if (skip_done != 0 && skip_done != 1) {
    return Status::error(Code::kInvalidArgument, text("region set: skip_done takes 0 or 1, not ", skip_done));
  }
  if (space.first == nullptr && space.capacity == 0) return Status();
  if (Status given = windlass::capi::check_pointer("outcomes", space.first); !given.ok()) return given;
  return windlass::capi::check_struct_size("outcome", space.each_bytes, sizeof(wl_region_outcome));
}

void put_phases(const PauseReport& report, wl_region_outcome* outcome) noexcept {
  outcome->moved_bytes = report.saved_bytes;
  outcome->device_bytes = report.freed_bytes;
  outcome->drain_ns = report.drain_ns;
  outcome->prepare_ns = report.prepare_ns;
  outcome->copy_ns = report.copy_ns;
  outcome->settle_ns = report.settle_ns;
  outcome->release_ns = report.release_ns;
  outcome->total_ns = report.total_ns;
  outcome->generation = report.generation;
}

void put_phases(const ResumeReport& report, wl_region_outcome* outcome) noexcept {
  outcome->moved_bytes = report.restored_bytes;
  outcome->device_bytes = report.taken_bytes;
  outcome->prepare_ns = report.map_ns;
  outcome->copy_ns = report.copy_ns;
  outcome->release_ns = report.release_ns;
  outcome->total_ns = report.total_ns;
  outcome->generation = report.generation;
}

template <typename Report>
void put_outcomes(const SetReport<Report>& report, const OutcomeSpace& space) noexcept {
  const size_t there = std::min<uint64_t>(report.outcomes.size(), space.capacity);
  for (size_t index = 0; index < there; ++index) {
    const auto& from = report.outcomes[index];
    wl_region_outcome outcome{};
    outcome.region = from.region->label();
    outcome.kind = static_cast<wl_outcome_kind>(from.kind);
    outcome.status = static_cast<wl_status>(from.status.code());
    put_phases(from.report, &outcome);
    windlass::copy_text(outcome.message, from.status.message());
    std::memcpy(reinterpret_cast<std::byte*>(space.first) + index * space.each_bytes, &outcome, sizeof outcome);
  }
}

// The regions that handles name.
Status find_regions(const wl_region* handles, uint64_t count, std::vector<std::shared_ptr<Region>>* regions) {
  if (count == 0) return Status();
  if (Status given = windlass::capi::check_pointer("regions", handles); !given.ok()) return given;
  for (uint64_t index = 0; index < count; ++index) {
    Result<std::shared_ptr<Region>> region = windlass::capi::acquire<Region>(handles[index], Kind::kRegion);
    if (!region.ok()) return region.status().with_prefix(text("region ", index, " of ", count));
    regions->push_back(*std::move(region));
  }
  return Status();
}

template <typename Move>
wl_status move_tagged(wl_region_set set, const char* tag, int32_t skip_done, const OutcomeSpace& space, uint64_t* count,
                      wl_error* error, Move&& move) noexcept {
  return with_set(set, error, [&](RegionSet& found) {
    if (Status valid = check_space(space, skip_done); !valid.ok()) return valid;
    std::optional<std::string> wanted;
    if (Status valid = take_tag(tag, &wanted); !valid.ok()) return valid;
    const auto report = move(found, found.members(wanted));
    put_outcomes(report, space);
    if (count != nullptr) *count = report.outcomes.size();
    return report.status;
  });
}

template <typename Move>
wl_status move_these(wl_region_set set, const wl_region* regions, uint64_t count, int32_t skip_done,
                     const OutcomeSpace& space, wl_error* error, Move&& move) noexcept {
  return with_set(set, error, [&](RegionSet& found) {
    if (Status valid = check_space(space, skip_done); !valid.ok()) return valid;
    std::vector<std::shared_ptr<Region>> named;
    if (Status valid = find_regions(regions, count, &named); !valid.ok()) return valid;
    const auto report = move(found, std::move(named));
    put_outcomes(report, space);
    return report.status;
  });
}

}  // namespace

void wl_region_set_options_init(wl_region_set_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_region_set_options());
}

void wl_region_set_info_init(wl_region_set_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_region_set_info{});
}

void wl_region_scope_options_init(wl_region_scope_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_scope());
}

wl_status wl_region_set_open(const wl_region_set_options* options, wl_region_set* set, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("set", set); !given.ok()) return given;
    wl_region_set_options taken{};
    if (Status given =
            windlass::capi::take_options("region set options", options, default_region_set_options(), &taken);
        !given.ok()) {
      return given;
    }
    if (Status valid = windlass::capi::check_thread_count("region set", taken.lanes); !valid.ok()) return valid;
    Result<std::shared_ptr<const RegionPlan>> plan = windlass::capi::plan_region(nullptr);
    if (!plan.ok()) return plan.status();
    return windlass::capi::publish(Kind::kRegionSet, RegionSet::open({taken.margin_bytes, taken.lanes, *plan}), set);
  });
}

wl_status wl_region_set_open_region(wl_region_set set, wl_device device, uint64_t size_bytes, const char* tag,
                                    const wl_region_options* options, wl_region* region, wl_error* error) {
  return with_set(set, error, [&](RegionSet& found) {
    if (Status given = windlass::capi::check_pointer("region", region); !given.ok()) return given;
    ScopeSettings settings;
    if (Status valid = take_tag(tag, &settings.tag); !valid.ok()) return valid;
    if (device != 0) {
      Result<std::shared_ptr<Device>> named = windlass::capi::acquire<Device>(device, Kind::kDevice);
      if (!named.ok()) return named.status();
      settings.device = *std::move(named);
    }
    if (options != nullptr) {
      Result<std::shared_ptr<const RegionPlan>> plan = windlass::capi::plan_region(options);
      if (!plan.ok()) return plan.status();
      settings.plan = *std::move(plan);
    }
    Result<std::shared_ptr<Region>> opened = found.open_region(size_bytes, settings);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish_region(*std::move(opened), region);
  });
}

wl_status wl_region_set_pause(wl_region_set set, const char* tag, int32_t skip_done, wl_region_outcome* outcomes,
                              uint32_t outcome_size, uint64_t capacity, uint64_t* count, wl_error* error) {
  return move_tagged(
      set, tag, skip_done, {outcomes, outcome_size, capacity}, count, error,
      [&](RegionSet& found, auto regions) { return found.pause_these(std::move(regions), skip_done == 1); });
}

wl_status wl_region_set_resume(wl_region_set set, const char* tag, int32_t skip_done, wl_region_outcome* outcomes,
                               uint32_t outcome_size, uint64_t capacity, uint64_t* count, wl_error* error) {
  return move_tagged(
      set, tag, skip_done, {outcomes, outcome_size, capacity}, count, error,
      [&](RegionSet& found, auto regions) { return found.resume_these(std::move(regions), skip_done == 1); });
}

wl_status wl_region_set_pause_these(wl_region_set set, const wl_region* regions, uint64_t count, int32_t skip_done,
                                    wl_region_outcome* outcomes, uint32_t outcome_size, wl_error* error) {
  return move_these(set, regions, count, skip_done, {outcomes, outcome_size, outcomes != nullptr ? count : 0}, error,
                    [&](RegionSet& found, auto named) { return found.pause_these(std::move(named), skip_done == 1); });
}

wl_status wl_region_set_resume_these(wl_region_set set, const wl_region* regions, uint64_t count, int32_t skip_done,
                                     wl_region_outcome* outcomes, uint32_t outcome_size, wl_error* error) {
  return move_these(set, regions, count, skip_done, {outcomes, outcome_size, outcomes != nullptr ? count : 0}, error,
                    [&](RegionSet& found, auto named) { return found.resume_these(std::move(named), skip_done == 1); });
}

wl_status wl_region_set_get_info(wl_region_set set, const char* tag, wl_region_set_info* info, wl_error* error) {
  return with_set(set, error, [&](RegionSet& found) {
    if (Status given = windlass::capi::check_output("region set info", info); !given.ok()) return given;
    std::optional<std::string> wanted;
    if (Status valid = take_tag(tag, &wanted); !valid.ok()) return valid;
    const RegionSetInfo sum = found.info(wanted);
    wl_region_set_info values{};
    values.regions = sum.regions;
    values.paused = sum.paused;
    values.size_bytes = sum.size_bytes;
    values.mapped_bytes = sum.mapped_bytes;
    values.backup_bytes = sum.backup_bytes;
    values.stored_bytes = sum.stored_bytes;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_region_set_set_margin(wl_region_set set, uint64_t margin_bytes, wl_error* error) {
  return with_set(set, error, [&](RegionSet& found) {
    found.set_margin(margin_bytes);
    return Status();
  });
}

wl_status wl_region_set_enter(wl_region_set set, const wl_region_scope_options* options, uint64_t* scope,
                              wl_error* error) {
  return with_set(set, error, [&](RegionSet& found) {
    if (Status given = windlass::capi::check_pointer("scope", scope); !given.ok()) return given;
    wl_region_scope_options taken{};
    if (Status given = windlass::capi::take_options("region scope options", options, default_scope(), &taken);
        !given.ok()) {
      return given;
    }
    if (taken.enabled < -1 || taken.enabled > 1) {
      return Status::error(Code::kInvalidArgument, text("region scope: enabled takes -1, 0 or 1, not ", taken.enabled));
    }
    ScopeSettings settings;
    if (taken.enabled >= 0) settings.enabled = taken.enabled == 1;
    if (Status valid = take_tag(taken.tag, &settings.tag); !valid.ok()) return valid;
    if (taken.device != 0) {
      Result<std::shared_ptr<Device>> named = windlass::capi::acquire<Device>(taken.device, Kind::kDevice);
      if (!named.ok()) return named.status();
      settings.device = *std::move(named);
    }
    if (taken.region != nullptr) {
      Result<std::shared_ptr<const RegionPlan>> plan = windlass::capi::plan_region(taken.region);
      if (!plan.ok()) return plan.status();
      settings.plan = *std::move(plan);
    }
    Result<uint64_t> entered = found.enter(settings);
    if (!entered.ok()) return entered.status();
    *scope = *entered;
    return Status();
  });
}

wl_status wl_region_set_leave(wl_region_set set, uint64_t scope, wl_error* error) {
  return with_set(set, error, [&](RegionSet& found) { return found.leave(scope); });
}

wl_status wl_region_set_close(wl_region_set set, wl_error* error) {
  return windlass::capi::guard(error,
                               [&] { return windlass::capi::remove<RegionSet>(set, Kind::kRegionSet).status(); });
}
