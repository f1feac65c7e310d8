#include "memory/page_pool.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>

#include "base/text.hpp"
#include "memory/machine_memory.hpp"

namespace windlass {

namespace {

// One block's size at most: what a pool gives back at once when it is trimmed.
constexpr uint64_t kBlockBytes = 256 * kMiB;

Status beyond_limit(uint64_t bytes, uint64_t lent_bytes, uint64_t limit_bytes) {
  return Status::error(Code::kNoSpace, text("page pool: ", bytes_text(bytes), " asked for with ",
                                            bytes_text(lent_bytes), " lent, but its limit is ", bytes_text(limit_bytes),
                                            "; open it with a higher limit, or resume or close what borrows from it"));
}

}  // namespace

PageLoan& PageLoan::operator=(PageLoan&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(extents_, other.extents_);
  return *this;
}

uint64_t PageLoan::bytes() const noexcept {
  return std::accumulate(extents_.begin(), extents_.end(), uint64_t{0},
                         [](uint64_t sum, std::span<std::byte> extent) { return sum + extent.size(); });
}

void PageLoan::shrink(uint64_t bytes) noexcept {
  uint64_t surplus = this->bytes() - std::min(this->bytes(), round_up(bytes, kHugePageBytes));
  while (surplus > 0) {
    std::span<std::byte>& last = extents_.back();
    const uint64_t given = std::min<uint64_t>(surplus, last.size());
    const std::span<std::byte> back = last.last(given);
    pool_->take_back({&back, 1});
    last = last.first(last.size() - given);
    if (last.empty()) extents_.pop_back();
    surplus -= given;
  }
}

void PageLoan::reset() noexcept {
  if (pool_) pool_->take_back(extents_);
  extents_ = {};
  pool_ = nullptr;
}

PagePool::PagePool(uint64_t limit_bytes, uint32_t worker_threads) noexcept
    : limit_bytes_(limit_bytes), workers_(worker_threads) {}

Result<std::shared_ptr<PagePool>> PagePool::open(const PagePoolOptions& options) {
  uint64_t limit_bytes = options.limit_bytes / kHugePageBytes * kHugePageBytes;
  if (options.limit_bytes == 0) {
    Result<MachineMemory> machine = machine_memory();
    if (!machine.ok()) return machine.status();
    limit_bytes = machine->total_bytes / 2 / kHugePageBytes * kHugePageBytes;
  }
  if (limit_bytes == 0) {
    return Status::error(Code::kInvalidArgument, text("page pool: a limit of ", bytes_text(options.limit_bytes),
                                                      " holds nothing; give at least ", bytes_text(kHugePageBytes)));
  }
  const uint32_t threads = options.worker_threads != 0 ? options.worker_threads : WorkerPool::default_thread_count();
  return std::make_shared<PagePool>(limit_bytes, threads);
}

Status PagePool::prepare(uint64_t bytes) {
  const uint64_t wanted = round_up(bytes, kHugePageBytes);
  if (wanted == 0 && bytes != 0) return beyond_limit(bytes, 0, limit_bytes_);
  const std::lock_guard grow_lock(grow_mutex_);
  uint64_t missing = 0;
  {
    const std::lock_guard lock(mutex_);
    if (wanted > limit_bytes_ - lent_bytes_) return beyond_limit(bytes, lent_bytes_, limit_bytes_);
    const uint64_t free_bytes = held_bytes_ - lent_bytes_;
    missing = wanted > free_bytes ? wanted - free_bytes : 0;
  }
  if (Status grown = grow(missing); !grown.ok()) return grown;
  const std::lock_guard lock(mutex_);
  prepared_bytes_ += missing;
  return Status();
}

Result<PageLoan> PagePool::lend(uint64_t bytes) {
  const uint64_t wanted = round_up(bytes, kHugePageBytes);
  if (wanted == 0) {
    return bytes == 0 ? Result<PageLoan>(PageLoan()) : Result<PageLoan>(beyond_limit(bytes, 0, limit_bytes_));
  }
  {
    const std::lock_guard lock(mutex_);
    if (held_bytes_ - lent_bytes_ >= wanted) return lend_locked(wanted);
  }
  // One grows at a time. Meanwhile others may borrow what was got for this loan: look again until it is enough.
  const std::lock_guard grow_lock(grow_mutex_);
  bool grew = false;
  while (true) {
    uint64_t missing = 0;
    {
      const std::lock_guard lock(mutex_);
      if (wanted > limit_bytes_ - lent_bytes_) return beyond_limit(bytes, lent_bytes_, limit_bytes_);
      const uint64_t free_bytes = held_bytes_ - lent_bytes_;
      if (free_bytes >= wanted) {
        if (grew) ++grown_on_lend_;
        return lend_locked(wanted);
      }
      missing = wanted - free_bytes;
    }
    if (Status grown = grow(missing); !grown.ok()) return grown;
    grew = true;
  }
}

Status PagePool::grow(uint64_t bytes) {
  if (bytes == 0) return Status();
  if (Status enough = check_machine_memory(bytes, "page pool"); !enough.ok()) return enough;
  std::vector<Block> fresh;
  for (uint64_t left = bytes; left > 0; left -= fresh.back().range.bytes()) {
    const uint64_t block_bytes = std::min(left, kBlockBytes);
    Result<HostRange> range = HostRange::reserve(block_bytes);
    if (!range.ok()) return range.status();
    if (Status populated = range->populate(0, block_bytes, workers_); !populated.ok()) {
      return populated.with_prefix("page pool");
    }
    fresh.push_back({*std::move(range), std::vector<bool>(block_bytes / kHugePageBytes), 0});
  }
  {
    const std::lock_guard lock(mutex_);
    blocks_.reserve(blocks_.size() + fresh.size());
    std::move(fresh.begin(), fresh.end(), std::back_inserter(blocks_));
    held_bytes_ += bytes;
  }
  start_pinning();
  return Status();
}

std::vector<PagePool::Run> PagePool::free_runs_locked() const {
  std::vector<Run> runs;
  for (size_t block = 0; block < blocks_.size(); ++block) {
    const std::vector<bool>& lent = blocks_[block].lent;
    for (auto from = lent.begin(); from != lent.end();) {
      from = std::find(from, lent.end(), false);
      const auto to = std::find(from, lent.end(), true);
      if (from != to) {
        runs.push_back({block, static_cast<uint64_t>(from - lent.begin()), static_cast<uint64_t>(to - from),
                        blocks_[block].pin == Pin::kDone});
      }
      from = to;
    }
  }
  return runs;
}

PageLoan PagePool::lend_locked(uint64_t bytes) {
  uint64_t units = bytes / kHugePageBytes;
  std::vector<Run> runs = free_runs_locked();
  // One piece if any is large enough, else the largest ones: fewer pieces are cheaper to use. Pinned ones before all.
  std::sort(runs.begin(), runs.end(),
            [](const Run& a, const Run& b) { return a.pinned != b.pinned ? a.pinned : a.units > b.units; });
  const bool pinned = !runs.empty() && runs.front().pinned;
  const auto fits = [&](const Run& run) { return run.units >= units && run.pinned == pinned; };
  const auto tightest = std::find_if(runs.rbegin(), runs.rend(), fits);
  if (tightest != runs.rend()) std::swap(runs.front(), *tightest);

  std::vector<std::span<std::byte>> extents;
  extents.reserve(runs.size());
  for (size_t i = 0; units > 0; ++i) {
    Block& block = blocks_[runs[i].block];
    const uint64_t taken = std::min(units, runs[i].units);
    extents.emplace_back(block.range.address() + runs[i].first * kHugePageBytes, taken * kHugePageBytes);
    std::fill_n(block.lent.begin() + static_cast<std::ptrdiff_t>(runs[i].first), taken, true);
    block.lent_units += taken;
    units -= taken;
    if (pinner_ != nullptr && !runs[i].pinned) lent_unpinned_bytes_ += taken * kHugePageBytes;
  }
  lent_bytes_ += bytes;
  return PageLoan(shared_from_this(), std::move(extents));
}

void PagePool::take_back(std::span<const std::span<std::byte>> extents) noexcept {
  const std::lock_guard lock(mutex_);
  for (const std::span<std::byte> extent : extents) {
    const auto owner = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& block) {
      return extent.data() >= block.range.address() && extent.data() < block.range.address() + block.range.bytes();
    });
    assert(owner != blocks_.end());
    const uint64_t first = static_cast<uint64_t>(extent.data() - owner->range.address()) / kHugePageBytes;
    const uint64_t units = extent.size() / kHugePageBytes;
    std::fill_n(owner->lent.begin() + static_cast<std::ptrdiff_t>(first), units, false);
    owner->lent_units -= units;
    lent_bytes_ -= extent.size();
  }
}

void PagePool::trim() noexcept {
  size_t left = 0;
  {
    const std::lock_guard lock(mutex_);
    left = blocks_.size();
  }
  // Block by block, because unpinning and giving back take long, and lending goes on meanwhile.
  for (; left > 0; --left) {
    Block block;
    {
      const std::lock_guard lock(mutex_);
      const auto idle = std::find_if(blocks_.begin(), blocks_.end(), [](const Block& each) {
        return each.lent_units == 0 && each.pin != Pin::kUnderWay;
      });
      if (idle == blocks_.end()) return;
      held_bytes_ -= idle->range.bytes();
      if (idle->pin == Pin::kDone) pinned_bytes_ -= idle->range.bytes();
      block = std::move(*idle);
      if (idle != blocks_.end() - 1) *idle = std::move(blocks_.back());
      blocks_.pop_back();
      pin_settled_.notify_all();
    }
    retire(block);
  }
}

PagePoolInfo PagePool::info() const {
  const std::lock_guard lock(mutex_);
  return {limit_bytes_,    held_bytes_,   lent_bytes_,          grown_on_lend_,
          prepared_bytes_, pinned_bytes_, lent_unpinned_bytes_, quarantined_bytes_};
}

}  // namespace windlass
