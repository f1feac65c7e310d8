// Which parts of a volume's segments are taken, and which are free.
//
// Each segment is divided into blocks that lie one behind another, each either taken or free; no two free ones are
// neighbours. Free blocks are kept in classes of nearly one size, so that the best fitting one is found in a few steps.
// Values below a page are aligned to 64 bytes, others to pages, and have their pages to themselves.
//
// It knows numbers only, no memory. Giving back needs no memory either, and cannot fail.
//
// Threads: the caller's lock.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace windlass {

using BlockId = uint32_t;
inline constexpr BlockId kNoBlock = UINT32_MAX;

class Space {
 public:
  static constexpr uint64_t kSmallUnit = 64;
  static constexpr uint64_t kPage = 4 * kKiB;

  struct Block {
    uint64_t offset = 0;  // within its segment
    uint64_t bytes = 0;
    uint32_t segment = 0;  // its index
    BlockId before = kNoBlock;
    BlockId behind = kNoBlock;
    BlockId class_before = kNoBlock;  // of free ones in its class
    BlockId class_behind = kNoBlock;
    bool free = false;
  };

  struct Segment {
    uint64_t id = 0;  // 0: the index is not in use
    uint64_t bytes = 0;
    uint64_t used_bytes = 0;
    BlockId first = kNoBlock;
  };

  Space() noexcept { heads_.fill(kNoBlock); }

  // What a value of so many bytes takes; 0 where that is no number.
  static constexpr uint64_t footprint(uint64_t bytes) noexcept {
    return bytes < kPage ? round_up(bytes, kSmallUnit) : round_up(bytes, kPage);
  }
  static constexpr uint64_t alignment(uint64_t bytes) noexcept { return bytes < kPage ? kSmallUnit : kPage; }

  // How many bytes values take that lie one behind another from the start of a page, at most UINT64_MAX / 2.
  static uint64_t run_bytes(std::span<const uint64_t> sizes) noexcept;

  // Adds a segment, all free; bytes is a multiple of kPage. Returns its index.
  uint32_t add_segment(uint64_t id, uint64_t bytes);

  // Forgets a segment in which nothing is taken.
  void remove_segment(uint32_t index) noexcept;

  // Takes room for values, as contiguous as there is some. blocks has as many elements as sizes, and receives kNoBlock
  // for those that found none, and those of 0 bytes. Returns how many found none.
  uint64_t take(std::span<const uint64_t> sizes, std::span<BlockId> blocks);

  // Takes contiguous room in a segment that is wholly free. Returns false if it is too small; then nothing is taken.
  bool take_in(uint32_t segment, std::span<const uint64_t> sizes, std::span<BlockId> blocks);

  void give_back(BlockId block) noexcept;

  // Makes sure that so many blocks can be shrunk without memory.
  void reserve_blocks(uint64_t count);

  // Gives back what lies behind the first bytes; count on reserve_blocks().
  void shrink(BlockId block, uint64_t bytes) noexcept;

  // Gives a taken block another name, and never uses the old one again.
  BlockId rename(BlockId block);

  // A block that lies in no segment and takes no room: it only has its name and its numbers. Count on reserve_blocks().
  BlockId add_apart(uint64_t offset, uint64_t bytes) noexcept;
  void remove_apart(BlockId block) noexcept { names_.push_back(block); }

  const Block& block(BlockId id) const noexcept { return blocks_[id]; }
  const Segment& segment(uint32_t index) const noexcept { return segments_[index]; }
  const std::vector<Segment>& segments() const noexcept { return segments_; }
  uint64_t block_count() const noexcept { return blocks_.size(); }  // ids are below
  uint64_t live_blocks() const noexcept { return blocks_.size() - names_.size(); }
  uint64_t held_bytes() const noexcept { return held_bytes_; }
  uint64_t used_bytes() const noexcept { return used_bytes_; }

 private:
  static constexpr uint32_t kClassBits = 5;  // a class's sizes differ by 3 % at most
  static constexpr uint32_t kClasses = 64U << kClassBits;
  static constexpr uint32_t kLooks = 64;  // blocks of one class that are looked at

  static uint32_t class_of(uint64_t bytes) noexcept;
  uint32_t next_class(uint32_t from) const noexcept;
  BlockId find(uint64_t bytes, uint64_t alignment) const noexcept;
  uint64_t take_part(std::span<const uint64_t> sizes, std::span<BlockId> blocks) noexcept;
  void carve(BlockId rest, std::span<const uint64_t> sizes, std::span<BlockId> blocks) noexcept;
  BlockId split(BlockId block, uint64_t bytes) noexcept;
  void merge_behind(BlockId block) noexcept;
  void enlist(BlockId block) noexcept;
  void delist(BlockId block) noexcept;

  std::vector<Block> blocks_;
  std::vector<BlockId> names_;  // ids that are not in use; has room for all of them
  std::vector<Segment> segments_;
  std::array<BlockId, kClasses> heads_{};
  std::array<uint64_t, kClasses / 64> filled_{};  // a bit for each class that has blocks
  uint64_t held_bytes_ = 0;
  uint64_t used_bytes_ = 0;
};

}  // namespace windlass
