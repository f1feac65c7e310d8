// A lane: the way between a device and one file at a time, with blocks of host memory to pass through.
//
// Writing: take_slot, fill its memory, write; several writes are under way while the next slot is filled. Reading:
// chunk() gives bytes of the file, in order or not, and reads ahead while they are used.
//
// A lane is attached to a file and then either writes or reads; drop() waits for what is under way and forgets the
// rest.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.hpp"
#include "device/device.hpp"
#include "io/block_file.hpp"
#include "io/io_queue.hpp"
#include "memory/host_pages.hpp"

namespace windlass {

struct LaneOptions {
  uint32_t depth = 8;
  uint64_t block_bytes = kHugePageBytes;  // of a slot; a multiple of kHugePageBytes
  IoEngine engine = IoEngine::kAuto;
  FileCalls* calls = nullptr;
};

class Lane {
 public:
  // Errors: kNoMemory; kUnsupported (the engine); kIo.
  static Result<std::unique_ptr<Lane>> open(const LaneOptions& options);

  Lane(HostRange memory, std::unique_ptr<IoQueue> queue, const LaneOptions& options);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  uint64_t block_bytes() const noexcept { return block_bytes_; }
  uint64_t held_bytes() const noexcept { return memory_.bytes(); }
  const IoQueue& queue() const noexcept { return *queue_; }

  // Pins the slots for a device, and no longer for another; null: for none. Without pinning all works, slower.
  void pin_for(Device* device);
  Device* pinned_for() const noexcept { return pinned_for_; }

  // The file of what follows, which outlives the attachment; null lets go of it. Nothing may be under way.
  void attach(const BlockFile* file) noexcept;

  // A slot to fill, which is the caller's until write() or put_back(). Blocks: until one is free.
  uint32_t take_slot() noexcept;
  std::byte* memory(uint32_t slot) const noexcept { return memory_.address() + slot * block_bytes_; }
  void put_back(uint32_t slot) noexcept;

  // Begins to write the slot's first bytes, with zeros up to the next aligned place. Errors: kNoSpace; kIo.
  Status write(uint32_t slot, uint64_t offset, uint64_t bytes);

  // Takes in the writes that have ended; waits for all of them if asked.
  void collect(bool all) noexcept;
  // The end of what is surely written, where everything up to begun_bytes has been begun.
  uint64_t written_bytes(uint64_t begun_bytes) const noexcept;
  // The first write that failed, since attach(). Errors: kNoSpace; kIo.
  Status write_failure() const;

  // The bytes [offset, offset + bytes) of the file, which lie within one multiple of kHugePageBytes; valid until the
  // next call. What follows them, up to end, is read ahead. Errors: kCorrupt (the file is too short); kIo.
  Result<std::span<std::byte>> chunk(uint64_t offset, uint64_t bytes, uint64_t end);

  // Waits for what is under way. What was read ahead is forgotten; so are failed writes.
  void drop() noexcept;

 private:
  enum class SlotState { kFree, kTaken, kWriting, kReading, kRead };

  struct Slot {
    SlotState state = SlotState::kFree;
    uint64_t offset = 0;
    uint64_t bytes = 0;       // of the image; a transfer has up to an alignment more
    uint64_t done_bytes = 0;  // read
    int error = 0;
  };

  struct Failure {
    int error = 0;
    uint64_t offset = 0;
  };

  int find_free_slot() const noexcept;
  bool collect_one(bool wait) noexcept;
  int start(uint32_t slot, IoRequest::Kind kind) noexcept;
  void note_failure(uint64_t offset, int error) noexcept;
  int read_ahead(uint64_t end) noexcept;
  void drop_passed(uint64_t offset) noexcept;
  void free_first_read() noexcept;

  const uint64_t block_bytes_;
  HostRange memory_;
  std::unique_ptr<IoQueue> queue_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> reads_;  // slots that are read or being read, in order of their offsets
  uint64_t next_read_ = 0;       // where reading ahead goes on
  Failure first_failure_;
  const BlockFile* file_ = nullptr;
  Device* pinned_for_ = nullptr;
};

}  // namespace windlass
