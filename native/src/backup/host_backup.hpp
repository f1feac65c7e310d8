// Backup in host memory: pages taken for the purpose (pageable), or lent by a pool that prepared them (pooled).
//
// With verify, each 2 MiB block is hashed as it is copied out and checked as it is copied back. That needs the host to
// reach the device's memory; where it does not, the block is hashed in host memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backup/backup.hpp"
#include "base/worker_pool.hpp"
#include "memory/copy.hpp"
#include "memory/host_pages.hpp"
#include "memory/page_pool.hpp"

namespace windlass {

struct HostBackupOptions {
  bool retain = false;
  bool verify = false;
};

class HostBackup final : public Backup {
 public:
  // Pageable.
  explicit HostBackup(const HostBackupOptions& options) noexcept;
  // Pooled.
  HostBackup(std::shared_ptr<PagePool> pool, const HostBackupOptions& options) noexcept;

  std::string_view name() const noexcept override { return pool_ ? "pooled" : "pageable"; }
  bool keeps_bytes() const noexcept override { return true; }
  Status prepare(uint64_t bytes) override;
  Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  void release() noexcept override;
  uint64_t held_bytes() const noexcept override;

  // The image's memory, in order, for tests that damage it.
  const std::vector<std::span<std::byte>>& extents() const noexcept { return extents_; }

 private:
  // Calls visit(memory, offset in the image, bytes) for each piece of memory that holds a part of the range, in order.
  template <typename Visit>
  Status for_each_piece(uint64_t offset, uint64_t bytes, Visit&& visit) const;
  // The same for each block that has a hash, several at once.
  template <typename Visit>
  Status for_each_block(uint64_t offset, uint64_t bytes, Visit&& visit);

  const HostBackupOptions options_;
  std::shared_ptr<PagePool> pool_;
  PageLoan loan_;
  HostRange pages_;
  WorkerPool workers_;
  std::vector<std::span<std::byte>> extents_;
  std::vector<Hash128> hashes_;
};

}  // namespace windlass
