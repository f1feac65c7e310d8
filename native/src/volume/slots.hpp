// A volume's memory: its segments, and the slots in them.
//
// A slot is a taken block with somebody who wants it:
//
//   free ──reserve()──▶ reserved ──publish()──▶ published ──retire()──▶ retired ──the last hold goes──▶ free
//            (for a session's write)   (an entry's)      └── free, if nobody holds it
//                          └──abandon(): as retire()
//
// Leases and transports under way hold slots. What is held keeps its bytes, whatever becomes of its entry or session.
//
// A slot can also be memory that is not the volume's, but is offered to it: then it takes no room here, its entries can
// be several (the shard that is read, and the one of the next version), and it is free only in that nobody uses it.
//
// Threads: the caller's lock.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "transport/shm/segment_file.hpp"
#include "transport/transport.hpp"
#include "volume/space.hpp"

namespace windlass {

enum class SlotState : uint8_t { kFree, kReserved, kPublished, kRetired };

// The slots that a session has reserved, linked one to another.
struct SlotList {
  BlockId first = kNoBlock;
  uint64_t count = 0;
};

struct Slot {
  uint64_t capacity = 0;     // as asked for
  uint64_t received = 0;     // bytes that came through holds for writing
  uint64_t mark = 0;         // of the last batch that was planned with it
  SlotList* list = nullptr;  // while it is reserved
  BlockId before = kNoBlock;
  BlockId behind = kNoBlock;
  uint32_t generation = 0;  // grows each time it is reserved
  uint32_t holds = 0;
  uint32_t writers = 0;  // of the holds
  uint32_t uses = 0;     // of offered memory: entries that have it
  SlotState state = SlotState::kFree;
  bool offered = false;
};

// Memory that is offered, as a segment: its id, and where it begins.
struct OfferedSegment {
  uint64_t id = 0;
  std::byte* base = nullptr;
};

class Slots {
 public:
  Slots() = default;
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // The token of a reserved slot. It is good until the slot is not reserved any more; another reservation has another.
  uint64_t token(BlockId slot) const noexcept { return (uint64_t{slots_[slot].generation} << 32U) | slot; }

  // The slot that a list's token stands for; kNoBlock if there is none.
  BlockId find(const SlotList& list, uint64_t token) const noexcept;

  // Takes room, which stays nobody's until reserve(). As Space::take.
  uint64_t take(std::span<const uint64_t> sizes, std::span<BlockId> slots);
  uint64_t take_in(const std::shared_ptr<SegmentFile>& fresh, uint64_t id, std::span<const uint64_t> sizes,
                   std::span<BlockId> slots);

  // Gives back what was taken and not reserved.
  void untake(std::span<const BlockId> slots) noexcept;

  // Makes what was taken a session's, or what was retired and nobody holds.
  void reserve(BlockId slot, uint64_t capacity, SlotList& list) noexcept;

  // Publishes the first bytes; what is behind is given back if trim. Count on reserve_blocks().
  void publish(BlockId slot, uint64_t bytes, bool trim) noexcept;

  // Its entry, or its session, lets go: it is free, or retired if somebody holds it. keep: rather than free, it is then
  // nobody's, as if it had just been taken, if this returns true.
  bool retire(BlockId slot, bool keep = false) noexcept;

  void hold(BlockId slot, bool writing) noexcept;
  void let_go(BlockId slot, bool writing) noexcept;

  // All that a list has.
  void abandon(SlotList& list) noexcept;

  // Offered memory as a slot that nobody uses; and, once that is so again, no slot any more.
  BlockId add_offered(const OfferedSegment& segment, uint64_t offset, uint64_t bytes);
  void remove_offered(BlockId slot) noexcept;
  // Told whenever the last hold on a slot of offered memory goes.
  std::condition_variable& let_go_of_offered() noexcept { return let_go_of_offered_; }

  RemoteRange range(BlockId slot, uint64_t token, uint64_t bytes) const noexcept;
  // Where the slot's segment begins in this process.
  std::byte* base(BlockId slot) const noexcept;
  const std::shared_ptr<SegmentFile>& file(BlockId slot) const noexcept;
  std::shared_ptr<SegmentFile> file_of(uint64_t segment) const;

  // Gives free segments up, their files to gone: the smallest that suffice, or as much as there is.
  void trim(uint64_t bytes, std::vector<std::shared_ptr<SegmentFile>>& gone);
  uint64_t free_segment_bytes() const noexcept;

  // Forgets the files, which go to gone. No memory can be reached any more; all else works on.
  void drop_files(std::vector<std::shared_ptr<SegmentFile>>& gone) noexcept { gone.swap(files_); }

  Slot& slot(BlockId id) noexcept { return slots_[id]; }
  const Slot& slot(BlockId id) const noexcept { return slots_[id]; }
  const Space& space() const noexcept { return space_; }
  void reserve_blocks(uint64_t count);
  // What the slots that there are take beside their memory, about.
  uint64_t metadata_bytes(uint64_t more_slots) const noexcept {
    return (space_.live_blocks() + more_slots) * (sizeof(Space::Block) + sizeof(Slot));
  }
  uint64_t segment_count() const noexcept { return segment_count_; }

 private:
  void renew(std::span<BlockId> slots);
  void unlist(BlockId slot) noexcept;
  void vacate(BlockId slot) noexcept;

  Space space_;
  std::vector<Slot> slots_;                          // by block
  std::vector<std::shared_ptr<SegmentFile>> files_;  // by the segment's index
  std::unordered_map<BlockId, OfferedSegment> offered_;
  std::condition_variable let_go_of_offered_;
  uint64_t segment_count_ = 0;
};

}  // namespace windlass
