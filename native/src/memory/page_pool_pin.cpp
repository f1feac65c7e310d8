// How a pool pins what it holds, and unpins it.

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "memory/page_pool.hpp"

namespace windlass {

namespace {

constexpr const char* kSource = "page pool";

// What a failed pinning says: what it means for the pool, and the way out.
Status pin_failure(const Status& cause, const std::string& pinner, uint64_t bytes) {
  const bool limited = cause.code() == Code::kNoMemory || cause.code() == Code::kPermission;
  return Status::error(
      cause.code(),
      text("page pool: pinning ", bytes_text(bytes), " for ", pinner, " failed: ", cause.message(),
           limited ? "; raise the limit of locked memory (ulimit -l, or the container's), or lower the pool's limit"
                   : "",
           "; it works on with unpinned pages, which copy slower, and tries again when asked to pin or to wait"),
      cause.system_code());
}

}  // namespace

PagePool::~PagePool() {
  pinning_.end();
  for (Block& block : blocks_) retire(block);
}

Status PagePool::pin_with(std::shared_ptr<PagePinner> pinner) {
  if (pinner == nullptr) return Status::error(Code::kInvalidArgument, "page pool: there is no pinner to pin with");
  {
    const std::lock_guard lock(mutex_);
    if (pinner_ != nullptr && pinner_->identity() != pinner->identity()) {
      return Status::error(Code::kState, text("page pool: its pages are pinned for ", pinner_->name(),
                                              ", which serves other devices too; open another pool for ",
                                              pinner->name(), " if it does not serve that one"));
    }
    if (pinner_ == nullptr) pinner_ = std::move(pinner);
    pin_failure_ = Status();
  }
  start_pinning();
  return Status();
}

Status PagePool::wait_pinned() {
  {
    const std::lock_guard lock(mutex_);
    if (pinner_ == nullptr) {
      return Status::error(Code::kState, "page pool: nothing pins its pages; give it a pinner first");
    }
    if (!pin_failure_.ok() && !std::exchange(pin_failure_told_, true)) return pin_failure_;
    pin_failure_ = Status();
  }
  start_pinning();
  std::unique_lock lock(mutex_);
  pin_settled_.wait(lock, [this] { return !pin_failure_.ok() || pinned_bytes_ == held_bytes_; });
  pin_failure_told_ = true;
  return pin_failure_;
}

void PagePool::start_pinning() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (pinner_ == nullptr || !pin_failure_.ok() || pinned_bytes_ == held_bytes_) return;
  }
  Status started = contain([&] { return pinning_.wake(); });
  if (started.ok()) return;
  const std::lock_guard lock(mutex_);
  note_pin_failure_locked(started, held_bytes_ - pinned_bytes_);
}

bool PagePool::pin_next() {
  std::byte* address = nullptr;
  uint64_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!pin_failure_.ok()) return false;
    const auto next =
        std::find_if(blocks_.begin(), blocks_.end(), [](const Block& block) { return block.pin == Pin::kNone; });
    if (next == blocks_.end()) return false;
    next->pin = Pin::kUnderWay;
    address = next->range.address();
    bytes = next->range.bytes();
  }
  Status pinned = contain([&] { return pinner_->pin(address, bytes); });
  const std::lock_guard lock(mutex_);
  // It may have moved meanwhile, but what is being pinned does not leave.
  const auto block =
      std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& each) { return each.range.address() == address; });
  block->pin = pinned.ok() ? Pin::kDone : Pin::kNone;
  if (!pinned.ok()) {
    note_pin_failure_locked(pinned, bytes);
    return false;
  }
  pinned_bytes_ += bytes;
  pin_settled_.notify_all();
  return true;
}

void PagePool::note_pin_failure_locked(const Status& cause, uint64_t bytes) noexcept {
  pin_failure_ = cause;
  pin_failure_told_ = false;
  Status told = contain([&] {
    pin_failure_ = pin_failure(cause, pinner_->name(), bytes);
    if (logged_pin_failures_.emplace(cause.code(), cause.system_code()).second) {
      log(LogLevel::kWarning, kSource, pin_failure_.message());
    }
    return Status();
  });
  if (!told.ok()) log(LogLevel::kWarning, kSource, cause.message());
  pin_settled_.notify_all();
}

void PagePool::retire(Block& block) noexcept {
  if (block.pin != Pin::kDone) return;
  const uint64_t bytes = block.range.bytes();
  Status unpinned = contain([&] { return pinner_->unpin(block.range.address(), bytes); });
  if (unpinned.ok()) return;
  // The device may still write there: the addresses must never become somebody else's memory.
  block.range.abandon();
  {
    const std::lock_guard lock(mutex_);
    quarantined_bytes_ += bytes;
  }
  Status told = contain([&] {
    log(LogLevel::kError, kSource,
        text("page pool: unpinning ", bytes_text(bytes), " for ", pinner_->name(), " failed: ", unpinned.message(),
             "; these pages stay with the process until it ends, so restart it if their memory is needed"));
    return Status();
  });
  if (!told.ok()) log(LogLevel::kError, kSource, unpinned.message());
}

}  // namespace windlass
