#include "windlass/region.h"

#include <memory>

#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "capi/guard.hpp"
#include "region/region.hpp"

namespace {

using windlass::Backup;
using windlass::Code;
using windlass::Device;
using windlass::HostBackup;
using windlass::HostBackupOptions;
using windlass::Kind;
using windlass::NoBackup;
using windlass::PagePool;
using windlass::PauseReport;
using windlass::Region;
using windlass::RegionInfo;
using windlass::RegionState;
using windlass::Result;
using windlass::ResumeReport;
using windlass::Status;
using windlass::text;

static_assert(WL_REGION_ACTIVE == static_cast<int32_t>(RegionState::kActive));
static_assert(WL_REGION_PAUSED == static_cast<int32_t>(RegionState::kPaused));

// A region with what the ABI tells of it.
struct OpenRegion {
  std::shared_ptr<Region> region;
  wl_backup_kind backup;
};

wl_region_options default_options() noexcept {
  wl_region_options options{};
  options.struct_size = sizeof options;
  options.backup = WL_BACKUP_PAGEABLE;
  return options;
}

Status check_options(const wl_region_options& options) {
  if (options.backup < WL_BACKUP_NONE || options.backup > WL_BACKUP_POOLED) {
    return Status::error(Code::kInvalidArgument, text("region: no backup has number ", options.backup));
  }
  if ((options.retain != 0 && options.retain != 1) || (options.verify != 0 && options.verify != 1)) {
    return Status::error(Code::kInvalidArgument, "region: retain and verify take 0 or 1");
  }
  if (options.backup != WL_BACKUP_POOLED && options.pool != 0) {
    return Status::error(Code::kInvalidArgument, "region: a pool is given, but the backup is not the pooled one");
  }
  if (options.backup == WL_BACKUP_NONE && (options.retain != 0 || options.verify != 0)) {
    return Status::error(Code::kInvalidArgument, "region: retain and verify need a backup");
  }
  return Status();
}

Result<std::unique_ptr<Backup>> make_backup(const wl_region_options& options) {
  const HostBackupOptions host{options.retain == 1, options.verify == 1};
  switch (options.backup) {
    case WL_BACKUP_NONE:
      return std::unique_ptr<Backup>(std::make_unique<NoBackup>());
    case WL_BACKUP_POOLED: {
      Result<std::shared_ptr<PagePool>> pool = windlass::capi::acquire<PagePool>(options.pool, Kind::kPagePool);
      if (!pool.ok()) return pool.status().with_prefix("region options: pool");
      return std::unique_ptr<Backup>(std::make_unique<HostBackup>(*std::move(pool), host));
    }
    default:
      return std::unique_ptr<Backup>(std::make_unique<HostBackup>(host));
  }
}

// Runs a call's work on the region that a handle names.
template <typename Work>
wl_status with_region(wl_region handle, wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<OpenRegion>> found = windlass::capi::acquire<OpenRegion>(handle, Kind::kRegion);
    return found.ok() ? work(**found) : found.status();
  });
}

}  // namespace

void wl_region_options_init(wl_region_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_options());
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
    wl_region_options taken{};
    if (Status given = windlass::capi::take_options("region options", options, default_options(), &taken);
        !given.ok()) {
      return given;
    }
    if (Status valid = check_options(taken); !valid.ok()) return valid;
    Result<std::shared_ptr<Device>> found = windlass::capi::acquire<Device>(device, Kind::kDevice);
    if (!found.ok()) return found.status();
    Result<std::unique_ptr<Backup>> backup = make_backup(taken);
    if (!backup.ok()) return backup.status();
    Result<std::shared_ptr<Region>> opened =
        Region::open(*std::move(found), size_bytes, *std::move(backup), {.chunk_bytes = taken.chunk_bytes});
    if (!opened.ok()) return opened.status();
    auto published = std::make_shared<OpenRegion>(OpenRegion{*std::move(opened), taken.backup});
    return windlass::capi::publish(Kind::kRegion, std::move(published), region);
  });
}

wl_status wl_region_pause(wl_region region, wl_pause_report* report, wl_error* error) {
  return with_region(region, error, [&](OpenRegion& open) {
    if (report != nullptr) {
      if (Status given = windlass::capi::check_output("pause report", report); !given.ok()) return given;
    }
    Result<PauseReport> paused = open.region->pause();
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
    windlass::capi::put_output(report, values);
    return Status();
  });
}

wl_status wl_region_resume(wl_region region, wl_resume_report* report, wl_error* error) {
  return with_region(region, error, [&](OpenRegion& open) {
    if (report != nullptr) {
      if (Status given = windlass::capi::check_output("resume report", report); !given.ok()) return given;
    }
    Result<ResumeReport> resumed = open.region->resume();
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
  return with_region(region, error, [&](OpenRegion& open) {
    if (Status given = windlass::capi::check_output("region info", info); !given.ok()) return given;
    const RegionInfo now = open.region->info();
    wl_region_info values{};
    values.state = static_cast<wl_region_state>(now.state);
    values.backup = open.backup;
    values.content_defined = now.content_defined ? 1 : 0;
    values.address = now.address;
    values.size_bytes = now.size_bytes;
    values.mapped_bytes = now.mapped_bytes;
    values.backup_bytes = now.backup_bytes;
    values.generation = now.generation;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_region_read(wl_region region, uint64_t offset, void* target, uint64_t size_bytes, wl_error* error) {
  return with_region(region, error, [&](OpenRegion& open) { return open.region->read(offset, target, size_bytes); });
}

wl_status wl_region_write(wl_region region, uint64_t offset, const void* source, uint64_t size_bytes, wl_error* error) {
  return with_region(region, error, [&](OpenRegion& open) { return open.region->write(offset, source, size_bytes); });
}

wl_status wl_region_acknowledge(wl_region region, wl_error* error) {
  return with_region(region, error, [](OpenRegion& open) { return open.region->acknowledge(); });
}

wl_status wl_region_close(wl_region region, wl_error* error) {
  return windlass::capi::guard(error,
                               [&] { return windlass::capi::remove<OpenRegion>(region, Kind::kRegion).status(); });
}
