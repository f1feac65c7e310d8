#include "volume/space.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace windlass {

namespace {

constexpr uint64_t kMostBytes = UINT64_MAX / 2;

}  // namespace

uint64_t Space::run_bytes(std::span<const uint64_t> sizes) noexcept {
  uint64_t end = 0;
  for (const uint64_t bytes : sizes) {
    if (bytes == 0) continue;
    const uint64_t taken = footprint(bytes);
    if (taken == 0 || taken > kMostBytes - kPage || end > kMostBytes - kPage - taken) return kMostBytes;
    end = round_up(end, alignment(bytes)) + taken;
  }
  return end;
}

// Sizes in units of 64 bytes; small ones have a class each, larger ones share one with those that have the same highest
// bits.
uint32_t Space::class_of(uint64_t bytes) noexcept {
  const uint64_t units = bytes / kSmallUnit;
  constexpr uint64_t kExact = uint64_t{1} << kClassBits;
  if (units < kExact) return static_cast<uint32_t>(units);
  const auto top = static_cast<uint32_t>(std::bit_width(units)) - 1;
  const auto detail = static_cast<uint32_t>((units >> (top - kClassBits)) & (kExact - 1));
  return ((top - kClassBits + 1) << kClassBits) + detail;
}

uint32_t Space::next_class(uint32_t from) const noexcept {
  uint32_t word = from / 64;
  uint64_t bits = word < filled_.size() ? filled_[word] & (~uint64_t{0} << (from % 64)) : 0;
  while (bits == 0) {
    if (++word >= filled_.size()) return kClasses;
    bits = filled_[word];
  }
  return word * 64 + static_cast<uint32_t>(std::countr_zero(bits));
}

// The smallest free block in which an aligned run fits, among those looked at: all, unless a class is crowded.
BlockId Space::find(uint64_t bytes, uint64_t alignment) const noexcept {
  for (uint32_t at = next_class(class_of(bytes)); at < kClasses; at = next_class(at + 1)) {
    BlockId best = kNoBlock;
    uint32_t looks = 0;
    for (BlockId id = heads_[at]; id != kNoBlock && looks < kLooks; id = blocks_[id].class_behind, ++looks) {
      const Block& candidate = blocks_[id];
      const uint64_t lead = round_up(candidate.offset, alignment) - candidate.offset;
      if (candidate.bytes < lead || candidate.bytes - lead < bytes) continue;
      if (candidate.bytes == bytes) return id;
      if (best == kNoBlock || candidate.bytes < blocks_[best].bytes) best = id;
    }
    if (best != kNoBlock) return best;
  }
  return kNoBlock;
}

uint32_t Space::add_segment(uint64_t id, uint64_t bytes) {
  reserve_blocks(1);
  const auto unused = std::find_if(segments_.begin(), segments_.end(), [](const Segment& s) { return s.id == 0; });
  const auto index = static_cast<uint32_t>(unused - segments_.begin());
  if (unused == segments_.end()) segments_.emplace_back();
  const BlockId first = names_.back();
  names_.pop_back();
  blocks_[first] = Block{.bytes = bytes, .segment = index};
  segments_[index] = Segment{.id = id, .bytes = bytes, .first = first};
  enlist(first);
  held_bytes_ += bytes;
  return index;
}

void Space::remove_segment(uint32_t index) noexcept {
  Segment& segment = segments_[index];
  assert(segment.used_bytes == 0);
  delist(segment.first);
  names_.push_back(segment.first);
  held_bytes_ -= segment.bytes;
  segment = Segment();
}

uint64_t Space::take(std::span<const uint64_t> sizes, std::span<BlockId> blocks) {
  // Each value takes a block from what is free, and may leave a gap before it.
  reserve_blocks(2 * sizes.size() + 1);
  return take_part(sizes, blocks);
}

// All of them in one run, or else each half as contiguous as it can be.
uint64_t Space::take_part(std::span<const uint64_t> sizes, std::span<BlockId> blocks) noexcept {
  const uint64_t bytes = run_bytes(sizes);
  std::fill(blocks.begin(), blocks.end(), kNoBlock);
  if (bytes == 0) return 0;
  const bool pages = std::any_of(sizes.begin(), sizes.end(), [](uint64_t size) { return size >= kPage; });
  const BlockId found = find(bytes, pages ? kPage : kSmallUnit);
  if (found != kNoBlock) {
    delist(found);
    carve(found, sizes, blocks);
    return 0;
  }
  if (sizes.size() == 1) return 1;
  const size_t half = sizes.size() / 2;
  const uint64_t missed = take_part(sizes.first(half), blocks.first(half));
  return missed + take_part(sizes.subspan(half), blocks.subspan(half));
}

bool Space::take_in(uint32_t segment, std::span<const uint64_t> sizes, std::span<BlockId> blocks) {
  reserve_blocks(2 * sizes.size() + 1);
  const BlockId whole = segments_[segment].first;
  if (segments_[segment].used_bytes != 0 || run_bytes(sizes) > blocks_[whole].bytes) return false;
  std::fill(blocks.begin(), blocks.end(), kNoBlock);
  if (run_bytes(sizes) == 0) return true;
  delist(whole);
  carve(whole, sizes, blocks);
  return true;
}

// Takes values from the front of a free block that is in no class; what is left of it is free again.
void Space::carve(BlockId rest, std::span<const uint64_t> sizes, std::span<BlockId> blocks) noexcept {
  // The run begins as its most demanding value is aligned, as run_bytes() counts.
  const bool pages = std::any_of(sizes.begin(), sizes.end(), [](uint64_t size) { return size >= kPage; });
  uint64_t place = round_up(blocks_[rest].offset, pages ? kPage : kSmallUnit);
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) continue;
    place = round_up(place, alignment(sizes[i]));
    if (place != blocks_[rest].offset) {
      const BlockId gap = rest;
      rest = split(gap, place - blocks_[gap].offset);
      enlist(gap);
    }
    const uint64_t taken = footprint(sizes[i]);
    const BlockId block = rest;
    rest = blocks_[block].bytes == taken ? kNoBlock : split(block, taken);
    blocks_[block].free = false;
    segments_[blocks_[block].segment].used_bytes += taken;
    used_bytes_ += taken;
    blocks[i] = block;
    place += taken;
    if (rest == kNoBlock) break;
  }
  if (rest != kNoBlock) enlist(rest);
}

// Cuts a block in two behind its first bytes, and returns the second.
BlockId Space::split(BlockId block, uint64_t bytes) noexcept {
  assert(!names_.empty() && bytes < blocks_[block].bytes);
  const BlockId second = names_.back();
  names_.pop_back();
  Block& front = blocks_[block];
  blocks_[second] = Block{.offset = front.offset + bytes,
                          .bytes = front.bytes - bytes,
                          .segment = front.segment,
                          .before = block,
                          .behind = front.behind};
  if (front.behind != kNoBlock) blocks_[front.behind].before = second;
  front.bytes = bytes;
  front.behind = second;
  return second;
}

void Space::give_back(BlockId block) noexcept {
  const Block& given = blocks_[block];
  assert(!given.free);
  segments_[given.segment].used_bytes -= given.bytes;
  used_bytes_ -= given.bytes;
  if (given.behind != kNoBlock && blocks_[given.behind].free) {
    delist(given.behind);
    merge_behind(block);
  }
  if (given.before != kNoBlock && blocks_[given.before].free) {
    block = given.before;
    delist(block);
    merge_behind(block);
  }
  enlist(block);
}

void Space::merge_behind(BlockId block) noexcept {
  Block& front = blocks_[block];
  const BlockId gone = front.behind;
  front.bytes += blocks_[gone].bytes;
  front.behind = blocks_[gone].behind;
  if (front.behind != kNoBlock) blocks_[front.behind].before = block;
  names_.push_back(gone);
}

void Space::reserve_blocks(uint64_t count) {
  while (names_.size() < count) {
    const uint64_t more = std::max<uint64_t>({count - names_.size(), blocks_.size() / 2, 64});
    // Afterwards each id that there is fits into names_, so that giving back needs no memory.
    names_.reserve(blocks_.size() + more);
    const uint64_t first = blocks_.size();
    blocks_.resize(first + more);
    for (uint64_t id = first + more; id > first; --id) names_.push_back(static_cast<BlockId>(id - 1));
  }
}

void Space::shrink(BlockId block, uint64_t bytes) noexcept {
  const uint64_t kept = footprint(bytes);
  if (kept >= blocks_[block].bytes) return;
  // What is behind is a block of its own, and is given back as any other.
  give_back(split(block, kept));
}

BlockId Space::rename(BlockId block) {
  reserve_blocks(1);
  const BlockId fresh = names_.back();
  names_.pop_back();
  Block& old = blocks_[block];
  assert(!old.free);
  blocks_[fresh] = old;
  if (old.before != kNoBlock) blocks_[old.before].behind = fresh;
  if (old.behind != kNoBlock) blocks_[old.behind].before = fresh;
  if (segments_[old.segment].first == block) segments_[old.segment].first = fresh;
  return fresh;
}

BlockId Space::add_apart(uint64_t offset, uint64_t bytes) noexcept {
  assert(!names_.empty());
  const BlockId added = names_.back();
  names_.pop_back();
  blocks_[added] = Block{.offset = offset, .bytes = bytes};
  return added;
}

void Space::enlist(BlockId block) noexcept {
  Block& added = blocks_[block];
  const uint32_t at = class_of(added.bytes);
  added.free = true;
  added.class_before = kNoBlock;
  added.class_behind = heads_[at];
  if (heads_[at] != kNoBlock) blocks_[heads_[at]].class_before = block;
  heads_[at] = block;
  filled_[at / 64] |= uint64_t{1} << (at % 64);
}

void Space::delist(BlockId block) noexcept {
  const Block& removed = blocks_[block];
  const uint32_t at = class_of(removed.bytes);
  if (removed.class_before != kNoBlock) {
    blocks_[removed.class_before].class_behind = removed.class_behind;
  } else {
    heads_[at] = removed.class_behind;
    if (heads_[at] == kNoBlock) filled_[at / 64] &= ~(uint64_t{1} << (at % 64));
  }
  if (removed.class_behind != kNoBlock) blocks_[removed.class_behind].class_before = removed.class_before;
}

}  // namespace windlass
