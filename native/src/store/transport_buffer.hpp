// A buffer: room in the volume that the next put of a value finds ready, mapped and populated where the transport maps.
// Where it lends memory instead, which is registered, the buffer has that as well, and puts go from there.
//
//   has room ──put──▶ has the room that the value's predecessor left, or fresh room
//       │ the connection broke, the volume had no room, or nobody knows what became of its slot
//       ▼
//   has none; the next put gets some, and a new generation begins
//
// A put claims the buffers that it uses; until it returns they are in no other call.
//
// Threads: any; what only the claimer may call says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/deadline.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "store/store_connection.hpp"
#include "transport/transport.hpp"

namespace windlass {

struct TransportBufferInfo {
  TransportKind transport = TransportKind::kAuto;
  uint64_t bytes = 0;
  uint64_t generation = 0;       // grows whenever its room is another
  std::byte* address = nullptr;  // memory to be filled in place before a put: where its room is mapped, or what is lent
};

class TransportBuffer {
 public:
  // Errors: kInvalidArgument (bytes 0); kNoSpace; kNoMemory; kTimeout; kUnavailable.
  static Result<std::shared_ptr<TransportBuffer>> open(std::shared_ptr<StoreConnection> connection, uint64_t bytes,
                                                       Deadline deadline);

  // For open().
  TransportBuffer(std::shared_ptr<StoreConnection> connection, uint64_t bytes) noexcept;
  ~TransportBuffer();
  TransportBuffer(const TransportBuffer&) = delete;
  TransportBuffer& operator=(const TransportBuffer&) = delete;

  uint64_t bytes() const noexcept { return bytes_; }
  const StoreConnection* connection() const noexcept { return connection_.get(); }
  TransportBufferInfo info() const;

  // Gives its room back; no put can use it any more. Errors: kState (a put is using it); kStaleHandle (it is closed).
  Status close();

  // Errors: kState (another call has it); kStaleHandle (it is closed).
  Status claim();
  void unclaim() noexcept;

  // The rest is for the claimer.

  // Whether its room can be used. If not, it is to be given some.
  bool ready() const;

  // Its room, as large as it is; token 0: it has none.
  const RemoteRange& slot() const noexcept { return room_.slot; }
  std::byte* address() const noexcept { return room_.mapping ? room_.mapping->address() : lent(); }

  // Memory that the transport has lent for it, and from which its bytes are to move into its room; nullptr: none.
  std::byte* lent() const noexcept { return lent_ ? lent_->address() : nullptr; }

  // Where bytes are that were filled in before the room was lost with its session; nullptr: there are none. Valid until
  // settle().
  const std::byte* lost_bytes() const noexcept { return lost_ ? lost_->address() : nullptr; }

  // Gives it room of its size that is of this session. Maps it where the transport maps. Errors: of Transport::map;
  // then it has no room, and the slot has been abandoned.
  Status take_room(const RemoteRange& slot, uint64_t session, Deadline deadline);

  // After a commit: its slot is the volume's, and this is its next one. Without one, or if that cannot be mapped, it
  // has no room.
  void take_next(const RemoteRange& slot, uint64_t session, Deadline deadline);

  // Its slot is in the volume's hands, or who knows where: it lets go of it.
  void quarantine() noexcept;

  // The put is over.
  void settle() noexcept { lost_.reset(); }

 private:
  void borrow();

  struct Room {
    RemoteRange slot;
    uint64_t session = 0;
    std::unique_ptr<SlotMapping> mapping;  // nullptr where the transport does not map
  };

  void replace_room(Room room) noexcept;

  const LiveCount live_{Kind::kBuffer};
  const std::shared_ptr<StoreConnection> connection_;
  const uint64_t bytes_;
  std::unique_ptr<LentMemory> lent_;  // from its opening to its end

  mutable std::mutex mutex_;  // guards what follows; the claimer alone changes the rooms, and reads them without it
  bool claimed_ = false;
  bool closed_ = false;
  uint64_t generation_ = 0;
  Room room_;
  // The room before this one, which the volume may well give us next: two take turns under a key that is put again and
  // again. Only its mapping is ours.
  Room previous_;
  std::unique_ptr<SlotMapping> lost_;
};

}  // namespace windlass
