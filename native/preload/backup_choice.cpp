#include "preload/backup_choice.hpp"

#include <utility>

#include "backup/file_backup.hpp"
#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/text.hpp"
#include "device/host_pinner.hpp"

namespace windlass {

BackupChoice BackupChoice::with(const BackupRequest& said) const {
  BackupChoice both = *this;
  if (said.kind.has_value()) both.kind = *said.kind;
  if (said.directory.has_value()) both.directory = *said.directory;
  if (said.pool_limit_bytes != 0) both.pool_limit_bytes = said.pool_limit_bytes;
  if (said.retain.has_value()) both.retain = *said.retain;
  if (said.verify.has_value()) both.verify = *said.verify;
  return both;
}

Result<std::shared_ptr<const RegionPlan>> Backups::plan(const BackupChoice& choice) {
  using Made = Result<std::unique_ptr<Backup>>;
  using OnDevice = std::shared_ptr<Device>;
  const HostBackupOptions host{choice.retain, choice.verify};
  auto plan = std::make_shared<RegionPlan>();
  plan->options.backup_kind = static_cast<int32_t>(choice.kind);
  switch (choice.kind) {
    case BackupKind::kNone:
      plan->make_backup = [](const OnDevice&) -> Made { return {std::make_unique<NoBackup>()}; };
      break;
    case BackupKind::kPageable:
      plan->make_backup = [host](const OnDevice& device) -> Made {
        return {std::make_unique<HostBackup>(host, device->helpers())};
      };
      break;
    case BackupKind::kPooled: {
      Result<std::shared_ptr<PagePool>> pool = this->pool(choice.pool_limit_bytes);
      if (!pool.ok()) return pool.status();
      plan->make_backup = [host, pool = *pool](const OnDevice& device) -> Made {
        // The first device that takes from it has its pages pinned, in the background, for all.
        if (!device->host_accessible()) (void)pool->pin_with(std::make_shared<HostPinner>(device));
        return {std::make_unique<HostBackup>(pool, host, device->helpers())};
      };
      break;
    }
    case BackupKind::kFile: {
      Result<std::shared_ptr<BackupDirectory>> directory = this->directory(choice.directory);
      if (!directory.ok()) return directory.status();
      const FileBackupOptions files{.retain = choice.retain};
      plan->make_backup = [files, directory = *directory](const OnDevice& device) -> Made {
        auto backup = std::make_unique<FileBackup>(directory, files);
        backup->ready_for(device);
        return {std::move(backup)};
      };
      break;
    }
  }
  if (plan->make_backup) return std::shared_ptr<const RegionPlan>(std::move(plan));
  return Status::error(Code::kInvalidArgument,
                       text("preload: no backup has number ", static_cast<int32_t>(choice.kind)));
}

Result<std::shared_ptr<PagePool>> Backups::pool(uint64_t limit_bytes) {
  const std::lock_guard lock(mutex_);
  if (pool_ == nullptr) {
    Result<std::shared_ptr<PagePool>> opened = PagePool::open({.limit_bytes = limit_bytes});
    if (!opened.ok()) return opened.status().with_prefix("preload");
    pool_ = *std::move(opened);
  }
  const uint64_t limit = pool_->info().limit_bytes;
  if (limit_bytes == 0 || limit_bytes == limit) return pool_;
  return Status::error(Code::kState, text("preload: the process's pool has a limit of ", bytes_text(limit), ", not ",
                                          bytes_text(limit_bytes), "; name the limit once, or the same one again"));
}

Result<std::shared_ptr<BackupDirectory>> Backups::directory(const std::string& path) {
  if (path.empty()) {
    return Status::error(Code::kInvalidArgument, "preload: a backup in files needs a directory; name one");
  }
  const std::lock_guard lock(mutex_);
  if (const auto known = directories_.find(path); known != directories_.end()) return known->second;
  Result<std::shared_ptr<BackupDirectory>> opened = BackupDirectory::open(path, {});
  if (!opened.ok()) return opened.status().with_prefix("preload");
  directories_.emplace(path, *opened);
  return opened;
}

Status Backups::prepare_pool(uint64_t bytes) {
  std::shared_ptr<PagePool> pool;
  {
    const std::lock_guard lock(mutex_);
    pool = pool_;
  }
  if (pool != nullptr) return pool->prepare(bytes);
  return Status::error(Code::kState, "preload: there is no pool yet; enter a scope with the pooled backup first");
}

}  // namespace windlass
