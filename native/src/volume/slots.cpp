#include "volume/slots.hpp"

#include <algorithm>
#include <cassert>

namespace windlass {

namespace {

// Generations have 31 bits, so that the tokens that write have their highest bit clear.
constexpr uint32_t kLastGeneration = (uint32_t{1} << 31U) - 1;

const std::shared_ptr<SegmentFile> kNoFile;

}  // namespace

BlockId Slots::find(const SlotList& list, uint64_t token) const noexcept {
  const auto id = static_cast<BlockId>(token & UINT32_MAX);
  if (id >= slots_.size()) return kNoBlock;
  const Slot& found = slots_[id];
  const bool right = found.state == SlotState::kReserved && found.list == &list && found.generation == token >> 32U;
  return right ? id : kNoBlock;
}

void Slots::reserve_blocks(uint64_t count) {
  space_.reserve_blocks(count);
  if (slots_.size() < space_.block_count()) slots_.resize(space_.block_count());
}

// Where a slot's generations are used up its name is never used again, so that an old token never opens something else.
void Slots::renew(std::span<BlockId> slots) {
  for (BlockId& id : slots) {
    if (id != kNoBlock && slots_[id].generation >= kLastGeneration) id = space_.rename(id);
  }
}

uint64_t Slots::take(std::span<const uint64_t> sizes, std::span<BlockId> slots) {
  // A block for each, a gap before it, and another name.
  reserve_blocks(3 * sizes.size() + 1);
  const uint64_t missed = space_.take(sizes, slots);
  renew(slots);
  return missed;
}

uint64_t Slots::take_in(const std::shared_ptr<SegmentFile>& fresh, uint64_t id, std::span<const uint64_t> sizes,
                        std::span<BlockId> slots) {
  reserve_blocks(3 * sizes.size() + 2);
  files_.reserve(files_.size() + 1);
  const uint32_t index = space_.add_segment(id, fresh->bytes());
  if (index >= files_.size()) files_.resize(index + 1);
  files_[index] = fresh;
  ++segment_count_;
  if (!space_.take_in(index, sizes, slots)) return sizes.size();
  renew(slots);
  return 0;
}

void Slots::untake(std::span<const BlockId> slots) noexcept {
  for (const BlockId id : slots) {
    if (id != kNoBlock) space_.give_back(id);
  }
}

void Slots::reserve(BlockId slot, uint64_t capacity, SlotList& list) noexcept {
  Slot& reserved = slots_[slot];
  const uint32_t generation = reserved.generation + 1;
  assert(generation <= kLastGeneration && reserved.holds == 0);
  reserved = Slot{.capacity = capacity,
                  .list = &list,
                  .behind = list.first,
                  .generation = generation,
                  .state = SlotState::kReserved};
  if (list.first != kNoBlock) slots_[list.first].before = slot;
  list.first = slot;
  ++list.count;
}

void Slots::unlist(BlockId slot) noexcept {
  Slot& gone = slots_[slot];
  (gone.before != kNoBlock ? slots_[gone.before].behind : gone.list->first) = gone.behind;
  if (gone.behind != kNoBlock) slots_[gone.behind].before = gone.before;
  --gone.list->count;
  gone.list = nullptr;
}

void Slots::publish(BlockId slot, uint64_t bytes, bool trim) noexcept {
  Slot& published = slots_[slot];
  if (published.offered) {
    ++published.uses;
    published.state = SlotState::kPublished;
    return;
  }
  unlist(slot);
  published.state = SlotState::kPublished;
  if (!trim || published.capacity == bytes) return;
  space_.shrink(slot, bytes);
  published.capacity = bytes;
}

bool Slots::retire(BlockId slot, bool keep) noexcept {
  Slot& retired = slots_[slot];
  if (retired.offered && --retired.uses != 0) return false;
  if (retired.state == SlotState::kReserved) unlist(slot);
  retired.state = SlotState::kRetired;
  if (retired.holds != 0) return false;
  // One whose generations are used up is not kept: it would need another name.
  if (keep && !retired.offered && retired.generation < kLastGeneration) return true;
  vacate(slot);
  return false;
}

void Slots::vacate(BlockId slot) noexcept {
  slots_[slot].state = SlotState::kFree;
  if (!slots_[slot].offered) space_.give_back(slot);
}

void Slots::hold(BlockId slot, bool writing) noexcept {
  ++slots_[slot].holds;
  if (writing) ++slots_[slot].writers;
}

void Slots::let_go(BlockId slot, bool writing) noexcept {
  Slot& held = slots_[slot];
  assert(held.holds > 0);
  if (writing) --held.writers;
  if (--held.holds != 0) return;
  if (held.offered) let_go_of_offered_.notify_all();
  if (held.state == SlotState::kRetired) vacate(slot);
}

void Slots::abandon(SlotList& list) noexcept {
  while (list.first != kNoBlock) retire(list.first);
}

BlockId Slots::add_offered(const OfferedSegment& segment, uint64_t offset, uint64_t bytes) {
  reserve_blocks(1);
  offered_.reserve(offered_.size() + 1);
  const BlockId added = space_.add_apart(offset, bytes);
  offered_.emplace(added, segment);
  const uint32_t generation = slots_[added].generation;
  slots_[added] = Slot{.capacity = bytes, .generation = generation, .offered = true};
  return added;
}

void Slots::remove_offered(BlockId slot) noexcept {
  assert(slots_[slot].holds == 0 && slots_[slot].uses == 0);
  slots_[slot].offered = false;
  offered_.erase(slot);
  space_.remove_apart(slot);
}

RemoteRange Slots::range(BlockId slot, uint64_t token, uint64_t bytes) const noexcept {
  const Space::Block& block = space_.block(slot);
  const uint64_t segment = slots_[slot].offered ? offered_.find(slot)->second.id : space_.segment(block.segment).id;
  return {token, segment, block.offset, bytes};
}

std::byte* Slots::base(BlockId slot) const noexcept {
  if (slots_[slot].offered) return offered_.find(slot)->second.base;
  const std::shared_ptr<SegmentFile>& found = file(slot);
  return found == nullptr ? nullptr : found->address();
}

const std::shared_ptr<SegmentFile>& Slots::file(BlockId slot) const noexcept {
  if (slots_[slot].offered) return kNoFile;
  const uint32_t index = space_.block(slot).segment;
  return index < files_.size() ? files_[index] : kNoFile;
}

std::shared_ptr<SegmentFile> Slots::file_of(uint64_t segment) const {
  const std::vector<Space::Segment>& all = space_.segments();
  for (size_t index = 0; segment != 0 && index < files_.size(); ++index) {
    if (all[index].id == segment) return files_[index];
  }
  return nullptr;
}

uint64_t Slots::free_segment_bytes() const noexcept {
  uint64_t sum = 0;
  for (const Space::Segment& segment : space_.segments()) {
    if (segment.id != 0 && segment.used_bytes == 0) sum += segment.bytes;
  }
  return sum;
}

void Slots::trim(uint64_t bytes, std::vector<std::shared_ptr<SegmentFile>>& gone) {
  gone.reserve(gone.size() + files_.size());
  while (bytes != 0) {
    // The smallest that is enough, or else the largest that there is.
    const Space::Segment* chosen = nullptr;
    for (const Space::Segment& segment : space_.segments()) {
      if (segment.id == 0 || segment.used_bytes != 0) continue;
      const bool enough = segment.bytes >= bytes;
      const bool better = chosen == nullptr || (chosen->bytes >= bytes ? enough && segment.bytes < chosen->bytes
                                                                       : segment.bytes > chosen->bytes);
      if (better) chosen = &segment;
    }
    if (chosen == nullptr) return;
    bytes -= std::min(bytes, chosen->bytes);
    const auto index = static_cast<uint32_t>(chosen - space_.segments().data());
    gone.push_back(std::move(files_[index]));
    space_.remove_segment(index);
    --segment_count_;
  }
}

}  // namespace windlass
