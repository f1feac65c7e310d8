#include "capi/region_options.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "backup/backup_directory.hpp"
#include "backup/compressed_backup.hpp"
#include "backup/file_backup.hpp"
#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "backup/tiered_backup.hpp"
#include "capi/guard.hpp"

namespace windlass::capi {

namespace {

Status check_flag(const char* name, int32_t flag) {
  if (flag == 0 || flag == 1) return Status();
  return Status::error(Code::kInvalidArgument, text("region: ", name, " takes 0 or 1, not ", flag));
}

Status check_options(const wl_region_options& options) {
  if (options.backup < WL_BACKUP_NONE || options.backup > WL_BACKUP_TIERED) {
    return Status::error(Code::kInvalidArgument, text("region: no backup has number ", options.backup));
  }
  if (options.compression < WL_COMPRESSION_NONE || options.compression > WL_COMPRESSION_FP32) {
    return Status::error(Code::kInvalidArgument, text("region: no compression has number ", options.compression));
  }
  if (Status valid = check_flag("retain", options.retain); !valid.ok()) return valid;
  if (Status valid = check_flag("verify", options.verify); !valid.ok()) return valid;
  if (Status valid = check_flag("reserve", options.reserve); !valid.ok()) return valid;
  const bool tiered = options.backup == WL_BACKUP_TIERED;
  if (options.pool != 0 && options.backup != WL_BACKUP_POOLED && !tiered) {
    return Status::error(Code::kInvalidArgument, "region: a pool is given, but the backup uses none");
  }
  if (options.directory != 0 && options.backup != WL_BACKUP_FILE && !tiered) {
    return Status::error(Code::kInvalidArgument, "region: a directory is given, but the backup uses none");
  }
  if (options.pageable_budget_bytes != 0 && !tiered) {
    return Status::error(Code::kInvalidArgument, "region: a budget is given, but the backup is not the tiered one");
  }
  if (tiered && options.pool == 0 && options.directory == 0 && options.pageable_budget_bytes == 0) {
    return Status::error(Code::kInvalidArgument,
                         "region: the tiered backup has no tier; give a pool, a budget, a directory, or several");
  }
  if (options.backup == WL_BACKUP_NONE &&
      (options.retain != 0 || options.verify != 0 || options.reserve != 0 || options.compression != 0)) {
    return Status::error(Code::kInvalidArgument, "region: retain, verify, reserve and compression need a backup");
  }
  return Status();
}

// What the options name, kept for as long as regions may be opened with them.
struct Parts {
  wl_region_options options;
  std::shared_ptr<PagePool> pool;
  std::shared_ptr<BackupDirectory> directory;
};

HostBackupOptions host_options(const wl_region_options& options) noexcept {
  return {.retain = options.retain == 1 || options.reserve == 1, .verify = options.verify == 1};
}

std::unique_ptr<Backup> make_file(const Parts& parts, const std::shared_ptr<Device>& device) {
  auto file = std::make_unique<FileBackup>(parts.directory, FileBackupOptions{host_options(parts.options).retain});
  file->ready_for(device);
  return file;
}

// The tiers that are wanted, in their order.
Result<std::unique_ptr<Backup>> make_tiered(const Parts& parts, const std::shared_ptr<Device>& device) {
  const HostBackupOptions host = host_options(parts.options);
  std::vector<Tier> tiers;
  if (parts.pool != nullptr) {
    tiers.push_back({std::make_unique<HostBackup>(parts.pool, host, device->helpers()), nullptr});
  }
  if (const uint64_t budget_bytes = parts.options.pageable_budget_bytes; budget_bytes != 0) {
    tiers.push_back(
        {std::make_unique<HostBackup>(host, device->helpers()), std::make_shared<TierBudget>(budget_bytes)});
  }
  if (parts.directory != nullptr) tiers.push_back({make_file(parts, device), nullptr});
  Result<std::unique_ptr<TieredBackup>> made = TieredBackup::open(std::move(tiers));
  if (!made.ok()) return made.status();
  return std::unique_ptr<Backup>(*std::move(made));
}

Result<std::unique_ptr<Backup>> make_plain(const Parts& parts, const std::shared_ptr<Device>& device) {
  switch (parts.options.backup) {
    case WL_BACKUP_NONE:
      return std::unique_ptr<Backup>(std::make_unique<NoBackup>());
    case WL_BACKUP_FILE:
      return make_file(parts, device);
    case WL_BACKUP_TIERED:
      return make_tiered(parts, device);
    default:
      return std::unique_ptr<Backup>(
          std::make_unique<HostBackup>(parts.pool, host_options(parts.options), device->helpers()));
  }
}

std::optional<Method> method_of(wl_compression compression) noexcept {
  switch (compression) {
    case WL_COMPRESSION_LZ4:
      return Method::kLz4;
    case WL_COMPRESSION_ZSTD:
      return Method::kZstd;
    case WL_COMPRESSION_BF16:
    case WL_COMPRESSION_FP16:
      return Method::kFloat16;
    case WL_COMPRESSION_FP32:
      return Method::kFloat32;
    default:
      return std::nullopt;
  }
}

Result<std::unique_ptr<Backup>> make_backup(const Parts& parts, const std::shared_ptr<Device>& device) {
  Result<std::unique_ptr<Backup>> plain = make_plain(parts, device);
  if (!plain.ok() || parts.options.compression == WL_COMPRESSION_NONE) return plain;
  return std::unique_ptr<Backup>(std::make_unique<CompressedBackup>(
      *std::move(plain), device->chunk_workers(), CompressedBackupOptions{method_of(parts.options.compression)}));
}

}  // namespace

wl_region_options default_region_options() noexcept {
  wl_region_options options{};
  options.struct_size = sizeof options;
  options.backup = WL_BACKUP_PAGEABLE;
  return options;
}

Result<std::shared_ptr<const RegionPlan>> plan_region(const wl_region_options* given) {
  Parts parts;
  if (Status taken = take_options("region options", given, default_region_options(), &parts.options); !taken.ok()) {
    return taken;
  }
  if (Status valid = check_options(parts.options); !valid.ok()) return valid;
  if (parts.options.pool != 0 || parts.options.backup == WL_BACKUP_POOLED) {
    Result<std::shared_ptr<PagePool>> pool = acquire<PagePool>(parts.options.pool, Kind::kPagePool);
    if (!pool.ok()) return pool.status().with_prefix("region options: pool");
    parts.pool = *std::move(pool);
  }
  if (parts.options.directory != 0 || parts.options.backup == WL_BACKUP_FILE) {
    Result<std::shared_ptr<BackupDirectory>> directory =
        acquire<BackupDirectory>(parts.options.directory, Kind::kBackupDirectory);
    if (!directory.ok()) return directory.status().with_prefix("region options: directory");
    parts.directory = *std::move(directory);
  }
  auto plan = std::make_shared<RegionPlan>();
  plan->options.chunk_bytes = parts.options.chunk_bytes;
  plan->options.reserve = parts.options.reserve == 1;
  plan->options.backup_kind = parts.options.backup;
  plan->make_backup = [parts = std::move(parts)](const std::shared_ptr<Device>& device) {
    return make_backup(parts, device);
  };
  return std::shared_ptr<const RegionPlan>(std::move(plan));
}

Status publish_region(std::shared_ptr<Region> opened, wl_region* region) {
  Region& labelled = *opened;
  Handle handle = 0;
  if (Status named = publish(Kind::kRegion, std::move(opened), &handle); !named.ok()) return named;
  labelled.set_label(handle);
  *region = handle;
  return Status();
}

}  // namespace windlass::capi
