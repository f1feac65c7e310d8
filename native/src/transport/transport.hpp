// What moves bytes between this process's memory and slots of a volume.
//
// A slot is room for one value in one of the volume's segments. Whoever has the slot's token, which the volume gives to
// one client, may move its bytes. How they move is the transport's affair: through mapped segments (shm), over sockets
// (tcp), or one-sided (rdma). What stands above knows only this file.
//
// Threads: any; several calls at once share what the transport has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/deadline.hpp"
#include "base/status.hpp"

namespace windlass {

enum class TransportKind : int32_t { kAuto = 0, kLocal = 1, kShm = 2, kTcp = 3, kRdma = 4 };

// A segment with this bit is no segment of the volume's, but memory that its process offers. It cannot be mapped; and
// reads of it can fail at any time, because whoever offers it took it back.
inline constexpr uint64_t kOfferedSegment = uint64_t{1} << 63U;

std::string_view transport_name(TransportKind kind) noexcept;  // "shm"

// A part of a slot, as its volume names it. Segments are never renamed: an id that is gone is gone for good.
struct RemoteRange {
  uint64_t token = 0;    // the volume's permission to move these bytes; of one session
  uint64_t segment = 0;  // 0 where bytes is 0
  uint64_t offset = 0;   // within the segment
  uint64_t bytes = 0;
  friend bool operator==(const RemoteRange&, const RemoteRange&) = default;

  bool offered() const noexcept { return (segment & kOfferedSegment) != 0; }

  // [first, first + count) of it.
  RemoteRange part(uint64_t first, uint64_t count) const noexcept { return {token, segment, offset + first, count}; }
};

// Bytes on their way out: remote.bytes of them, from here.
struct WriteMove {
  const std::byte* source = nullptr;
  RemoteRange remote;
};

// Bytes on their way in.
struct ReadMove {
  std::byte* target = nullptr;
  RemoteRange remote;
};

// A slot's bytes as memory of this process, for as long as it exists. Zero copies.
class SlotMapping {
 public:
  SlotMapping() = default;
  virtual ~SlotMapping() = default;
  SlotMapping(const SlotMapping&) = delete;
  SlotMapping& operator=(const SlotMapping&) = delete;

  virtual std::byte* address() const noexcept = 0;
  virtual uint64_t bytes() const noexcept = 0;
};

// Memory that a transport lends, for as long as it exists; nothing moves from or to it when that ends.
class LentMemory {
 public:
  LentMemory() = default;
  virtual ~LentMemory() = default;
  LentMemory(const LentMemory&) = delete;
  LentMemory& operator=(const LentMemory&) = delete;

  virtual std::byte* address() const noexcept = 0;
};

enum class MapFor { kReading, kWriting };

class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual TransportKind kind() const noexcept = 0;

  // Moves all of them; when it returns without an error, the volume has the bytes. One acknowledgement for all.
  // Errors: kInvalidArgument (a token that is not ours, a range outside the slot); kTimeout; kUnavailable (the volume
  // went away; what was moved is undefined); kState (offered memory was taken back); kNoMemory.
  virtual Status write(std::span<const WriteMove> moves, Deadline deadline) = 0;

  // As write, the other way.
  virtual Status read(std::span<const ReadMove> moves, Deadline deadline) = 0;

  // Maps a slot, or a part of it. populate: all its pages are mapped when it returns, so that moving meets no faults.
  // The caller keeps the slot (its lease) for as long as the mapping. Errors: kUnsupported (this transport cannot);
  // as write.
  virtual Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                                   Deadline deadline) = 0;

  // Memory of this process, from which and to which bytes move with nothing left to prepare: its pages are there, and
  // registered where the transport registers. Errors: kUnsupported (any memory does); kNoMemory; what keeps it from
  // being registered.
  virtual Result<std::unique_ptr<LentMemory>> lend(uint64_t /*bytes*/) {
    return Status::error(Code::kUnsupported, "over this transport any memory is as good as another");
  }

  // Whether this memory is kept ready by itself, as what is lent is.
  virtual bool keeps_ready(const std::byte* /*data*/, uint64_t /*bytes*/) const { return false; }
};

}  // namespace windlass
