#include "backup/tiered_backup.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/text.hpp"
#include "memory/host_pages.hpp"

namespace windlass {

namespace {

constexpr uint64_t round_down(uint64_t bytes, uint64_t unit) noexcept { return bytes & ~(unit - 1); }

// Whether a tier is merely full, so that another may have the room.
bool is_full(const Status& status) noexcept {
  return status.code() == Code::kNoSpace || status.code() == Code::kNoMemory;
}

}  // namespace

uint64_t TierBudget::take(uint64_t bytes) noexcept {
  uint64_t taken = taken_bytes_;
  while (true) {
    const uint64_t left = round_down(limit_bytes_ - std::min(limit_bytes_, taken), kHugePageBytes);
    const uint64_t wanted = std::min(round_up(bytes, kHugePageBytes), left);
    if (taken_bytes_.compare_exchange_weak(taken, taken + wanted)) return wanted;
  }
}

void TierBudget::give_back(uint64_t bytes) noexcept {
  const uint64_t before = taken_bytes_.fetch_sub(bytes);
  assert(before >= bytes);
  (void)before;
}

Result<std::unique_ptr<TieredBackup>> TieredBackup::open(std::vector<Tier> tiers) {
  if (tiers.empty()) return Status::error(Code::kInvalidArgument, "tiered backup: no tiers; give at least one");
  for (const Tier& tier : tiers) {
    if (tier.backup == nullptr || !tier.backup->keeps_bytes()) {
      return Status::error(Code::kInvalidArgument, "tiered backup: one of its tiers keeps no bytes; leave it out");
    }
  }
  return std::make_unique<TieredBackup>(std::move(tiers));
}

TieredBackup::TieredBackup(std::vector<Tier> tiers) {
  parts_.reserve(tiers.size());
  for (Tier& tier : tiers) {
    retains_ = retains_ && tier.backup->retains();
    parts_.push_back({std::move(tier), 0, 0});
  }
}

TieredBackup::~TieredBackup() {
  for (Part& part : parts_) {
    if (part.budget_bytes != 0) part.tier.budget->give_back(part.budget_bytes);
  }
}

bool TieredBackup::is_split_for(uint64_t bytes) const noexcept {
  const uint64_t split = std::accumulate(parts_.begin(), parts_.end(), uint64_t{0},
                                         [](uint64_t sum, const Part& part) { return sum + part.share_bytes; });
  return retains_ && split == bytes;
}

Status TieredBackup::prepare(uint64_t bytes) {
  if (bytes != 0 && is_split_for(bytes)) return prepare_again();
  give_up_shares();
  Status prepared = contain([&] { return split(bytes); });
  if (!prepared.ok()) give_up_shares();
  return prepared;
}

// Every tier has its room already, if it has what it promised.
Status TieredBackup::prepare_again() {
  for (const Part& part : parts_) {
    if (part.share_bytes == 0) continue;
    if (Status ready = part.tier.backup->prepare(part.share_bytes); !ready.ok()) return in_tier(part, ready);
  }
  return Status();
}

Status TieredBackup::split(uint64_t bytes) {
  uint64_t left = bytes;
  for (size_t i = 0; i < parts_.size() && left > 0; ++i) {
    Part& part = parts_[i];
    Status ready = i + 1 == parts_.size() ? prepare_last(part, left) : prepare_part(part, left);
    if (!ready.ok()) return in_tier(part, ready);
    left -= part.share_bytes;
  }
  return Status();
}

// Gives the tier as much as its budget and its room allow, which may be nothing.
Status TieredBackup::prepare_part(Part& part, uint64_t bytes) {
  uint64_t wanted = bytes;
  if (part.tier.budget != nullptr) {
    part.budget_bytes = part.tier.budget->take(bytes);
    wanted = std::min(bytes, part.budget_bytes);
  }
  Status ready;
  while (wanted > 0) {
    ready = part.tier.backup->prepare(wanted);
    if (ready.ok() || !is_full(ready)) break;
    wanted = round_down(wanted / 2, kHugePageBytes);
  }
  if (!ready.ok() && !is_full(ready)) return ready;
  set_share(part, wanted);
  const uint64_t used = std::min(part.budget_bytes, round_up(wanted, kHugePageBytes));
  if (part.budget_bytes != used) part.tier.budget->give_back(part.budget_bytes - used);
  part.budget_bytes = used;
  return Status();
}

Status TieredBackup::prepare_last(Part& part, uint64_t bytes) {
  if (part.tier.budget != nullptr) {
    part.budget_bytes = part.tier.budget->take(bytes);
    if (part.budget_bytes < bytes) {
      return Status::error(Code::kNoSpace,
                           text(bytes_text(bytes), " are left for it, but of its budget only ",
                                bytes_text(part.budget_bytes), "; raise the budget, or add a tier after it"));
    }
  }
  Status ready = part.tier.backup->prepare(bytes);
  if (ready.ok()) set_share(part, bytes);
  return ready;
}

void TieredBackup::set_share(Part& part, uint64_t bytes) noexcept {
  const std::lock_guard lock(shares_mutex_);
  part.share_bytes = bytes;
}

void TieredBackup::give_up_shares() noexcept {
  for (Part& part : parts_) {
    if (part.share_bytes != 0) part.tier.backup->release();
    if (part.budget_bytes != 0) part.tier.budget->give_back(part.budget_bytes);
    part.budget_bytes = 0;
    set_share(part, 0);
  }
}

Status TieredBackup::save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  return for_each_part(offset, bytes, "save", [&](Backup& backup, uint64_t from, uint64_t at, uint64_t part_bytes) {
    return backup.save(device, address + (from - offset), at, part_bytes);
  });
}

uint64_t TieredBackup::settled_bytes() const noexcept {
  const std::lock_guard lock(shares_mutex_);
  uint64_t settled = 0;
  for (const Part& part : parts_) {
    if (part.share_bytes == 0) continue;
    const uint64_t there = std::min(part.share_bytes, part.tier.backup->settled_bytes());
    settled += there;
    if (there < part.share_bytes) break;
  }
  return settled;
}

// Every tier is settled, also where one cannot be, so that as much as possible is safe.
Status TieredBackup::settle() {
  Status first_failure;
  for (const Part& part : parts_) {
    if (part.share_bytes == 0) continue;
    Status settled = part.tier.backup->settle();
    if (!settled.ok() && first_failure.ok()) first_failure = in_tier(part, settled);
  }
  return first_failure;
}

Status TieredBackup::restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  return for_each_part(offset, bytes, "restore", [&](Backup& backup, uint64_t from, uint64_t at, uint64_t part_bytes) {
    return backup.restore(device, address + (from - offset), at, part_bytes);
  });
}

Status TieredBackup::read(uint64_t offset, void* target, uint64_t bytes) {
  auto* const out = static_cast<std::byte*>(target);
  return for_each_part(offset, bytes, "read", [&](Backup& backup, uint64_t from, uint64_t at, uint64_t part_bytes) {
    return backup.read(at, out + (from - offset), part_bytes);
  });
}

std::span<const std::byte> TieredBackup::view(uint64_t offset) const noexcept {
  uint64_t start = 0;
  for (const Part& part : parts_) {
    if (offset - start < part.share_bytes) {
      const std::span<const std::byte> seen = part.tier.backup->view(offset - start);
      return seen.first(std::min<uint64_t>(seen.size(), part.share_bytes - (offset - start)));
    }
    start += part.share_bytes;
  }
  return {};
}

void TieredBackup::release() noexcept {
  if (!retains_) give_up_shares();
  if (!retains_) return;
  for (Part& part : parts_) {
    if (part.share_bytes != 0) part.tier.backup->release();
  }
}

uint64_t TieredBackup::held_bytes() const noexcept {
  return std::accumulate(parts_.begin(), parts_.end(), uint64_t{0},
                         [](uint64_t sum, const Part& part) { return sum + part.tier.backup->held_bytes(); });
}

uint64_t TieredBackup::stored_bytes() const noexcept {
  return std::accumulate(parts_.begin(), parts_.end(), uint64_t{0},
                         [](uint64_t sum, const Part& part) { return sum + part.tier.backup->stored_bytes(); });
}

std::vector<uint64_t> TieredBackup::share_bytes() const {
  const std::lock_guard lock(shares_mutex_);
  std::vector<uint64_t> shares;
  shares.reserve(parts_.size());
  for (const Part& part : parts_) shares.push_back(part.share_bytes);
  return shares;
}

Status TieredBackup::for_each_part(uint64_t offset, uint64_t bytes, const char* verb, const Visit& visit) {
  uint64_t start = 0;
  uint64_t done_bytes = 0;
  for (const Part& part : parts_) {
    const uint64_t from = std::max(offset, start);
    const uint64_t to = std::min(offset + bytes, start + part.share_bytes);
    if (from < to) {
      if (Status done = visit(*part.tier.backup, from, from - start, to - from); !done.ok()) return in_tier(part, done);
      done_bytes += to - from;
    }
    start += part.share_bytes;
  }
  if (done_bytes == bytes) return Status();
  return Status::error(Code::kInvalidArgument,
                       text("tiered backup: cannot ", verb, " ", bytes_text(bytes), " at offset ", offset,
                            " of an image of ", bytes_text(start), "; prepare an image that is large enough"));
}

Status TieredBackup::in_tier(const Part& part, const Status& status) const {
  const auto number = static_cast<uint64_t>(&part - parts_.data()) + 1;
  return status.with_prefix(
      text("tiered backup: tier ", number, " of ", parts_.size(), " (", part.tier.backup->name(), ")"));
}

}  // namespace windlass
