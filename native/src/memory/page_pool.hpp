// A pool of host pages that are populated before they are needed, and lent to backups.
//
// It holds blocks of populated memory, counted in units of kHugePageBytes. A loan takes free units, as few pieces as it
// can, and gives them back when it is dropped.
//
// Threads: any. Populating happens outside the lock that lending takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/live_count.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "memory/host_pages.hpp"

namespace windlass {

struct PagePoolOptions {
  uint64_t limit_bytes = 0;     // 0: half of the machine's memory
  uint32_t worker_threads = 0;  // 0: WorkerPool::default_thread_count()
};

struct PagePoolInfo {
  uint64_t limit_bytes = 0;
  uint64_t held_bytes = 0;
  uint64_t lent_bytes = 0;
  uint64_t grown_on_lend = 0;
  uint64_t prepared_bytes = 0;
};

class PagePool;

// Owns: pages of a pool, for as long as it exists; keeps the pool alive.
class PageLoan {
 public:
  PageLoan() noexcept = default;
  PageLoan(std::shared_ptr<PagePool> pool, std::vector<std::span<std::byte>> extents) noexcept
      : pool_(std::move(pool)), extents_(std::move(extents)) {}
  ~PageLoan() { reset(); }
  PageLoan(PageLoan&& other) noexcept = default;
  PageLoan& operator=(PageLoan&& other) noexcept;
  PageLoan(const PageLoan&) = delete;
  PageLoan& operator=(const PageLoan&) = delete;

  // Pieces in order, each a multiple of kHugePageBytes and so aligned; together at least what was asked for.
  const std::vector<std::span<std::byte>>& extents() const noexcept { return extents_; }
  uint64_t bytes() const noexcept;
  void reset() noexcept;

 private:
  std::shared_ptr<PagePool> pool_;
  std::vector<std::span<std::byte>> extents_;
};

class PagePool : public std::enable_shared_from_this<PagePool> {
 public:
  PagePool(uint64_t limit_bytes, uint32_t worker_threads) noexcept;

  // Errors: kInvalidArgument; kIo.
  static Result<std::shared_ptr<PagePool>> open(const PagePoolOptions& options);

  // Makes sure that at least bytes are held and not lent. Errors: kNoSpace; kNoMemory.
  Status prepare(uint64_t bytes);

  // Lends bytes, rounded up; grows within the limit if too little is free. Errors: kNoSpace; kNoMemory.
  Result<PageLoan> lend(uint64_t bytes);

  // Gives blocks that are wholly free back to the machine.
  void trim() noexcept;

  PagePoolInfo info() const;

 private:
  friend class PageLoan;

  // Populated memory with a flag for each unit that is lent, so that taking units back needs no memory.
  struct Block {
    HostRange range;
    std::vector<bool> lent;
    uint64_t lent_units = 0;
  };

  // Units of one block that are free and side by side.
  struct Run {
    size_t block = 0;
    uint64_t first = 0;
    uint64_t units = 0;
  };

  Status grow(uint64_t bytes);
  std::vector<Run> free_runs_locked() const;
  PageLoan lend_locked(uint64_t bytes);
  void take_back(std::span<const std::span<std::byte>> extents) noexcept;

  const LiveCount live_{Kind::kPagePool};
  const uint64_t limit_bytes_;
  WorkerPool workers_;
  std::mutex grow_mutex_;  // held by the one that gets fresh pages; taken before mutex_
  mutable std::mutex mutex_;
  std::vector<Block> blocks_;
  uint64_t held_bytes_ = 0;
  uint64_t lent_bytes_ = 0;
  uint64_t grown_on_lend_ = 0;
  uint64_t prepared_bytes_ = 0;
};

}  // namespace windlass
