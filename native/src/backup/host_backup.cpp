#include "backup/host_backup.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

// One hash per block, and no block crosses the border of an extent, which is a multiple of it.
constexpr uint64_t kBlockBytes = kHugePageBytes;

uint64_t block_count(uint64_t bytes) noexcept { return (bytes + kBlockBytes - 1) / kBlockBytes; }

}  // namespace

HostBackup::HostBackup(std::shared_ptr<PagePool> pool, const HostBackupOptions& options,
                       std::shared_ptr<WorkerPool> workers)
    : options_(options),
      pool_(std::move(pool)),
      workers_(workers != nullptr ? std::move(workers)
                                  : std::make_shared<WorkerPool>(WorkerPool::default_thread_count())) {}

Status HostBackup::prepare(uint64_t bytes) {
  if (options_.verify) hashes_.resize(block_count(bytes));
  settled_bytes_ = 0;
  if (held_bytes_ >= bytes) return Status();
  if (pool_ != nullptr) {
    Result<PageLoan> loan = pool_->lend(bytes);
    if (!loan.ok()) return loan.status();
    extents_ = loan->extents();
    loan_ = *std::move(loan);
    held_bytes_ = loan_.bytes();
    return Status();
  }
  Result<HostRange> pages = HostRange::reserve(round_up(bytes, kHugePageBytes));
  if (!pages.ok()) return pages.status();
  if (Status there = pages->populate(0, pages->bytes(), *workers_); !there.ok()) return there;
  extents_ = {std::span(pages->address(), pages->bytes())};
  pages_ = *std::move(pages);
  held_bytes_ = pages_.bytes();
  return Status();
}

Status HostBackup::save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  if (!in_range(offset, bytes, held_bytes_)) {
    return Status::error(Code::kState, text(name(), " backup: there is no room for ", bytes_text(bytes), " at offset ",
                                            offset, "; prepare the whole image, and save all of it before settling"));
  }
  Status saved = !options_.verify
                     ? for_each_piece(offset, bytes,
                                      [&](std::byte* piece, uint64_t from, uint64_t piece_bytes) {
                                        return device.copy_out(piece, address + (from - offset), piece_bytes);
                                      })
                     : for_each_block(offset, bytes, [&](std::byte* block, uint64_t from, uint64_t block_bytes) {
                         Result<Hash128> copied = device.copy_out_hashed(block, address + (from - offset), block_bytes);
                         if (copied.ok()) hashes_[from / kBlockBytes] = *copied;
                         return copied.status();
                       });
  if (saved.ok()) settled_bytes_ = offset + bytes;
  return saved;
}

Status HostBackup::settle() {
  const uint64_t needed = round_up(settled_bytes_, kHugePageBytes);
  if (options_.retain || needed >= held_bytes_) return Status();
  if (pool_ != nullptr) {
    loan_.shrink(needed);
    held_bytes_ = loan_.bytes();
  } else {
    // The image is whole either way: where the kernel cannot split the mapping, the rest is held until release.
    if (!pages_.release(needed, held_bytes_ - needed).ok()) return Status();
    held_bytes_ = needed;
  }
  uint64_t left = needed;
  for (std::span<std::byte>& extent : extents_) {
    extent = extent.first(std::min<uint64_t>(left, extent.size()));
    left -= extent.size();
  }
  std::erase_if(extents_, [](std::span<std::byte> extent) { return extent.empty(); });
  return Status();
}

Status HostBackup::restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  if (!options_.verify) {
    return for_each_piece(offset, bytes, [&](const std::byte* piece, uint64_t from, uint64_t piece_bytes) {
      return device.copy_in(address + (from - offset), piece, piece_bytes);
    });
  }
  return for_each_block(offset, bytes, [&](const std::byte* block, uint64_t from, uint64_t block_bytes) {
    Result<Hash128> copied = device.copy_in_hashed(address + (from - offset), block, block_bytes);
    return copied.ok() ? check(from, block_bytes, *copied) : copied.status();
  });
}

Status HostBackup::check(uint64_t block_offset, uint64_t bytes, const Hash128& found) const {
  if (found == hashes_[block_offset / kBlockBytes]) return Status();
  return Status::error(Code::kCorrupt,
                       text(name(), " backup: the ", bytes_text(bytes), " at offset ", block_offset,
                            " are not those that were saved; the host's memory was overwritten or is faulty"));
}

Status HostBackup::read(uint64_t offset, void* target, uint64_t bytes) {
  auto* const out = static_cast<std::byte*>(target);
  return for_each_piece(offset, bytes, [&](const std::byte* piece, uint64_t from, uint64_t piece_bytes) {
    copy(out + (from - offset), piece, piece_bytes);
    return Status();
  });
}

std::span<const std::byte> HostBackup::view(uint64_t offset) const noexcept {
  uint64_t extent_offset = 0;
  for (const std::span<std::byte> extent : extents_) {
    if (offset - extent_offset < extent.size()) return extent.subspan(offset - extent_offset);
    extent_offset += extent.size();
  }
  return {};
}

void HostBackup::release() noexcept {
  if (options_.retain) return;
  extents_.clear();
  loan_.reset();
  pages_ = HostRange();
  held_bytes_ = 0;
}

template <typename Visit>
Status HostBackup::for_each_piece(uint64_t offset, uint64_t bytes, Visit&& visit) const {
  uint64_t extent_offset = 0;
  for (const std::span<std::byte> extent : extents_) {
    const uint64_t from = std::max(offset, extent_offset);
    const uint64_t to = std::min(offset + bytes, extent_offset + extent.size());
    if (from < to) {
      if (Status done = visit(extent.data() + (from - extent_offset), from, to - from); !done.ok()) return done;
    }
    extent_offset += extent.size();
  }
  return Status();
}

template <typename Visit>
Status HostBackup::for_each_block(uint64_t offset, uint64_t bytes, Visit&& visit) {
  return for_each_piece(offset, bytes, [&](std::byte* piece, uint64_t piece_from, uint64_t piece_bytes) {
    const auto visit_block = [&](uint64_t index) {
      const uint64_t at = index * kBlockBytes;
      return visit(piece + at, piece_from + at, std::min(kBlockBytes, piece_bytes - at));
    };
    return workers_->run(block_count(piece_bytes), visit_block, workers_->copying_threads());
  });
}

}  // namespace windlass
