// Backup in host memory: pages taken for the purpose (pageable), or lent by a pool that prepared them (pooled).
//
// What was prepared and not saved to is given back by settle(), unless the backup retains.
//
// With verify, each 2 MiB block is hashed as it is copied out and checked as it is copied back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
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
  // Pageable without a pool, else pooled. workers are those that populate, hash and check; null: some of its own.
  HostBackup(std::shared_ptr<PagePool> pool, const HostBackupOptions& options,
             std::shared_ptr<WorkerPool> workers = nullptr);
  explicit HostBackup(const HostBackupOptions& options, std::shared_ptr<WorkerPool> workers = nullptr)
      : HostBackup(nullptr, options, std::move(workers)) {}

  std::string_view name() const noexcept override { return pool_ ? "pooled" : "pageable"; }
  bool keeps_bytes() const noexcept override { return true; }
  Status prepare(uint64_t bytes) override;
  Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  uint64_t settled_bytes() const noexcept override { return settled_bytes_; }
  Status settle() override;
  Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  Status read(uint64_t offset, void* target, uint64_t bytes) override;
  std::span<const std::byte> view(uint64_t offset) const noexcept override;
  void release() noexcept override;
  bool retains() const noexcept override { return options_.retain; }
  uint64_t held_bytes() const noexcept override { return held_bytes_; }

  // The image's memory, in order: for tests that damage it.
  const std::vector<std::span<std::byte>>& extents() const noexcept { return extents_; }

 private:
  Status check(uint64_t block_offset, uint64_t bytes, const Hash128& found) const;
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
  const std::shared_ptr<WorkerPool> workers_;
  std::vector<std::span<std::byte>> extents_;
  std::vector<Hash128> hashes_;
  std::atomic<uint64_t> settled_bytes_ = 0;
  std::atomic<uint64_t> held_bytes_ = 0;
};

}  // namespace windlass
