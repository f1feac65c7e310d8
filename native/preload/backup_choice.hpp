// Which backup the memory of a scope has: what a scope says of it, and what that amounts to.
//
// Threads: a value belongs to whoever has it; Backups is for any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "backup/backup_directory.hpp"
#include "base/status.hpp"
#include "memory/page_pool.hpp"
#include "region/region_set.hpp"

namespace windlass {

enum class BackupKind : int32_t { kNone = 0, kPageable = 1, kPooled = 2, kFile = 3 };

// What is said; the rest is as around.
struct BackupRequest {
  std::optional<BackupKind> kind;
  std::optional<std::string> directory;
  uint64_t pool_limit_bytes = 0;  // 0: unsaid
  std::optional<bool> retain;
  std::optional<bool> verify;

  bool says_something() const noexcept {
    return kind.has_value() || directory.has_value() || pool_limit_bytes != 0 || retain.has_value() ||
           verify.has_value();
  }
};

struct BackupChoice {
  BackupKind kind = BackupKind::kPageable;
  std::string directory;
  uint64_t pool_limit_bytes = 0;  // 0: the pool's, or its default
  bool retain = false;
  bool verify = false;

  // With what is said in place of what is here.
  BackupChoice with(const BackupRequest& said) const;
};

// What the backups of a process share: its one pool, and its directories. All of it is opened when it is first chosen.
class Backups {
 public:
  Backups() = default;
  Backups(const Backups&) = delete;
  Backups& operator=(const Backups&) = delete;

  // Errors: kInvalidArgument (no directory); kState (the pool has another limit); those of opening a pool or a
  // directory.
  Result<std::shared_ptr<const RegionPlan>> plan(const BackupChoice& choice);

  // Errors: kState (there is no pool); kNoSpace; kNoMemory.
  Status prepare_pool(uint64_t bytes);

 private:
  Result<std::shared_ptr<PagePool>> pool(uint64_t limit_bytes);
  Result<std::shared_ptr<BackupDirectory>> directory(const std::string& path);

  std::mutex mutex_;  // guards what follows
  std::shared_ptr<PagePool> pool_;
  std::map<std::string, std::shared_ptr<BackupDirectory>, std::less<>> directories_;  // by path
};

}  // namespace windlass
