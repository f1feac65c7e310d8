#include "windlass/region.h"

#include <memory>

#include "capi/guard.hpp"
#include "capi/region_options.hpp"
#include "region/region.hpp"

namespace {

using windlass::Backup;
using windlass::Device;
using windlass::Kind;
using windlass::PauseReport;
using windlass::Region;
using windlass::RegionInfo;
using windlass::RegionPlan;
using windlass::RegionState;
using windlass::Result;
using windlass::ResumeReport;
using windlass::Status;

static_assert(WL_REGION_ACTIVE == static_cast<int32_t>(RegionState::kActive));
static_assert(WL_REGION_PAUSED == static_cast<int32_t>(RegionState::kPaused));

// Runs a call's work on the region that a handle names.
template <typename Work>
wl_status with_region(wl_region handle, wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<Region>> found = windlass::capi::acquire<Region>(handle, Kind::kRegion);
    return found.ok() ? work(**found) : found.status();
  });
}

}  // namespace

void wl_region_options_init(wl_region_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, windlass::capi::default_region_options());
}

void wl_region_info_init(wl_region_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_region_info{});
}

void wl_pause_report_init(wl_pause_report* report, uint32_t struct_size) {
  windlass::capi::init_struct(report, struct_size, wl_pause_report{});
}

void wl_resume_report_init(wl_resume_report* report, uint32_t struct_size) {
  windlass::capi::init_struct(report, struct_size, wl_resume_report{});
}

wl_status wl_region_open(wl_device device, uint64_t size_bytes, const wl_region_options* options, wl_region* region,
                         wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("region", region); !given.ok()) return given;
    Result<std::shared_ptr<const RegionPlan>> plan = windlass::capi::plan_region(options);
    if (!plan.ok()) return plan.status();
    Result<std::shared_ptr<Device>> found = windlass::capi::acquire<Device>(device, Kind::kDevice);
    if (!found.ok()) return found.status();
    Result<std::unique_ptr<Backup>> backup = (*plan)->make_backup(*found);
    if (!backup.ok()) return backup.status();
    Result<std::shared_ptr<Region>> opened =
        Region::open(*std::move(found), size_bytes, *std::move(backup), (*plan)->options);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish_region(*std::move(opened), region);
  });
}

wl_status wl_region_pause(wl_region region, wl_pause_report* report, wl_error* error) {
  return with_region(region, error, [&](Region& open) {
    if (report != nullptr) {
      if (Status given = windlass::capi::check_output("pause report", report); !given.ok()) return given;
    }
    Result<PauseReport> paused = open.pause();
    if (!paused.ok() || report == nullptr) return paused.status();
    wl_pause_report values{};
    values.saved_bytes = paused->saved_bytes;
    values.freed_bytes = paused->freed_bytes;
    values.drain_ns = paused->drain_ns;
    values.prepare_ns = paused->prepare_ns;
    values.copy_ns = paused->copy_ns;
    values.release_ns = paused->release_ns;
    values.total_ns = paused->total_ns;
    values.generation = paused->generation;
    values.settle_ns = paused->settle_ns;
    windlass::capi::put_output(report, values);
    return Status();
  });
}

wl_status wl_region_resume(wl_region region, wl_resume_report* report, wl_error* error) {
  return with_region(region, error, [&](Region& open) {
    if (report != nullptr) {
      if (Status given = windlass::capi::check_output("resume report", report); !given.ok()) return given;
    }
    Result<ResumeReport> resumed = open.resume();
    if (!resumed.ok() || report == nullptr) return resumed.status();
    wl_resume_report values{};
    values.restored_bytes = resumed->restored_bytes;
    values.taken_bytes = resumed->taken_bytes;
    values.map_ns = resumed->map_ns;
    values.copy_ns = resumed->copy_ns;
    values.release_ns = resumed->release_ns;
    values.total_ns = resumed->total_ns;
    values.generation = resumed->generation;
    windlass::capi::put_output(report, values);
    return Status();
  });
}

wl_status wl_region_get_info(wl_region region, wl_region_info* info, wl_error* error) {
  return with_region(region, error, [&](Region& open) {
    if (Status given = windlass::capi::check_output("region info", info); !given.ok()) return given;
    const RegionInfo now = open.info();
    wl_region_info values{};
    values.state = static_cast<wl_region_state>(now.state);
    values.backup = open.backup_kind();
    values.content_defined = now.content_defined ? 1 : 0;
    values.address = now.address;
    values.size_bytes = now.size_bytes;
    values.mapped_bytes = now.mapped_bytes;
    values.backup_bytes = now.backup_bytes;
    values.generation = now.generation;
    values.stored_bytes = now.stored_bytes;
    values.image_bytes = now.image_bytes;
    values.allocation_id = now.allocation_id;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_region_read(wl_region region, uint64_t offset, void* target, uint64_t size_bytes, wl_error* error) {
  return with_region(region, error, [&](Region& open) { return open.read(offset, target, size_bytes); });
}

wl_status wl_region_write(wl_region region, uint64_t offset, const void* source, uint64_t size_bytes, wl_error* error) {
  return with_region(region, error, [&](Region& open) { return open.write(offset, source, size_bytes); });
}

wl_status wl_region_read_backup(wl_region region, uint64_t offset, void* target, uint64_t size_bytes, wl_error* error) {
  return with_region(region, error, [&](Region& open) { return open.read_backup(offset, target, size_bytes); });
}

wl_status wl_region_view_backup(wl_region region, uint64_t offset, const void** address, uint64_t* size_bytes,
                                wl_error* error) {
  return with_region(region, error, [&](Region& open) {
    if (Status given = windlass::capi::check_pointer("address", address); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("size_bytes", size_bytes); !given.ok()) return given;
    Result<std::span<const std::byte>> piece = open.view_backup(offset);
    if (!piece.ok()) return piece.status();
    *address = piece->data();
    *size_bytes = piece->size();
    return Status();
  });
}

wl_status wl_region_check_generation(wl_region region, uint64_t generation, wl_error* error) {
  return with_region(region, error, [&](Region& open) {
    return open.device().allocations().check(open.info().allocation_id, generation);
  });
}

wl_status wl_region_acknowledge(wl_region region, wl_error* error) {
  return with_region(region, error, [](Region& open) { return open.acknowledge(); });
}

wl_status wl_region_close(wl_region region, wl_error* error) {
  return windlass::capi::guard(error, [&] { return windlass::capi::remove<Region>(region, Kind::kRegion).status(); });
}
