// A pool of host pages that are populated before they are needed, and lent to backups.
//
// It holds blocks of populated memory, counted in units of kHugePageBytes. A loan takes free units, as few pieces as it
// can, and gives them back when it is dropped.
//
// With a pinner its blocks are pinned, one after another, by a thread in the background. Loans are given pinned pages
// where there are enough. A pool that cannot pin works on without. What was pinned is unpinned before its pages go.
//
// Threads: any. Populating and pinning happen outside the lock that lending takes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/background_thread.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "memory/host_pages.hpp"
#include "memory/page_pinner.hpp"

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
  uint64_t pinned_bytes = 0;         // of those held
  uint64_t lent_unpinned_bytes = 0;  // in all loans so far, though there was a pinner
  uint64_t quarantined_bytes = 0;    // could not be unpinned: the process keeps them, beyond the limit
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
  // Gives back what lies behind the first bytes, rounded up.
  void shrink(uint64_t bytes) noexcept;
  void reset() noexcept;

 private:
  std::shared_ptr<PagePool> pool_;
  std::vector<std::span<std::byte>> extents_;
};

class PagePool : public std::enable_shared_from_this<PagePool> {
 public:
  PagePool(uint64_t limit_bytes, uint32_t worker_threads) noexcept;
  ~PagePool();

  // Errors: kInvalidArgument; kIo.
  static Result<std::shared_ptr<PagePool>> open(const PagePoolOptions& options);

  // Makes sure that at least bytes are held and not lent. Errors: kNoSpace; kNoMemory.
  Status prepare(uint64_t bytes);

  // Lends bytes, rounded up; grows within the limit if too little is free. Errors: kNoSpace; kNoMemory.
  Result<PageLoan> lend(uint64_t bytes);

  // Gives blocks that are wholly free back to the machine. One that is being pinned this moment stays.
  void trim() noexcept;

  // From now on pins what it holds and what it gets. Called again, it tries again what failed. One pinner serves all
  // devices. Errors: kInvalidArgument (none); kState (there is another pinner).
  Status pin_with(std::shared_ptr<PagePinner> pinner);

  // Waits until all that is held is pinned, or pinning has failed. A failure is told once; the next call tries again.
  // Errors: kState (no pinner); kNoMemory, kPermission (a limit of locked memory); kDevice.
  Status wait_pinned();

  PagePoolInfo info() const;

 private:
  friend class PageLoan;

  enum class Pin { kNone, kUnderWay, kDone };

  // Populated memory with a flag for each unit that is lent, so that taking units back needs no memory. It is pinned as
  // a whole.
  struct Block {
    HostRange range;
    std::vector<bool> lent;
    uint64_t lent_units = 0;
    Pin pin = Pin::kNone;
  };

  // Units of one block that are free and side by side.
  struct Run {
    size_t block = 0;
    uint64_t first = 0;
    uint64_t units = 0;
    bool pinned = false;
  };

  Status grow(uint64_t bytes);
  std::vector<Run> free_runs_locked() const;
  PageLoan lend_locked(uint64_t bytes);
  void take_back(std::span<const std::span<std::byte>> extents) noexcept;
  // Readies a block that left the pool for its end: unpins it, or leaves its pages to the process.
  void retire(Block& block) noexcept;
  void start_pinning() noexcept;
  // Pins a block that is not. Returns whether there may be another.
  bool pin_next();
  void note_pin_failure_locked(const Status& cause, uint64_t bytes) noexcept;

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
  std::shared_ptr<PagePinner> pinner_;  // set once
  std::condition_variable pin_settled_;
  uint64_t pinned_bytes_ = 0;
  uint64_t lent_unpinned_bytes_ = 0;
  uint64_t quarantined_bytes_ = 0;
  Status pin_failure_;  // while it stands, nothing is pinned
  bool pin_failure_told_ = false;
  std::set<std::pair<Code, int>> logged_pin_failures_;
  BackgroundThread pinning_{"page pool", [this] { return pin_next(); }};
};

}  // namespace windlass
