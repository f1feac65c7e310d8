#include "store/transport_buffer.hpp"

#include <utility>
#include <vector>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

bool same_place(const RemoteRange& one, const RemoteRange& other) noexcept {
  return one.segment == other.segment && one.offset == other.offset && one.bytes == other.bytes;
}

}  // namespace

Result<std::shared_ptr<TransportBuffer>> TransportBuffer::open(std::shared_ptr<StoreConnection> connection,
                                                               uint64_t bytes, Deadline deadline) {
  if (bytes == 0) return Status::error(Code::kInvalidArgument, "buffer: 0 bytes; give it room for the largest value");
  auto buffer = std::make_shared<TransportBuffer>(std::move(connection), bytes);
  StoreConnection& its = *buffer->connection_;
  Result<StoreConnection::Prepared> prepared = its.prepare({&bytes, 1}, deadline);
  if (!prepared.ok()) return prepared.status().with_prefix(text("buffer of ", bytes_text(bytes)));
  buffer->borrow();
  if (Status taken = buffer->take_room(prepared->slots.front(), prepared->session, deadline); !taken.ok()) {
    return taken.with_prefix(text("buffer of ", bytes_text(bytes)));
  }
  return buffer;
}

TransportBuffer::TransportBuffer(std::shared_ptr<StoreConnection> connection, uint64_t bytes) noexcept
    : connection_(std::move(connection)), bytes_(bytes) {}

TransportBuffer::~TransportBuffer() { quarantine(); }

// Without, values move from where they are.
void TransportBuffer::borrow() {
  Status borrowed = contain([this] {
    Result<std::unique_ptr<LentMemory>> lent = connection_->transport().lend(bytes_);
    if (!lent.ok()) return lent.status();
    lent_ = *std::move(lent);
    return Status();
  });
  if (borrowed.ok() || borrowed.code() == Code::kUnsupported) return;
  log(LogLevel::kWarning, "store",
      text("a buffer of ", bytes_text(bytes_), " has no memory of its own: ", borrowed.message()));
}

TransportBufferInfo TransportBuffer::info() const {
  const std::lock_guard lock(mutex_);
  return {connection_->kind(), bytes_, generation_, address()};
}

Status TransportBuffer::claim() {
  const std::lock_guard lock(mutex_);
  if (closed_) return Status::error(Code::kStaleHandle, "buffer: it is closed; open another");
  if (claimed_) return Status::error(Code::kState, "buffer: another call is using it; wait for that, or open another");
  claimed_ = true;
  return Status();
}

void TransportBuffer::unclaim() noexcept {
  const std::lock_guard lock(mutex_);
  claimed_ = false;
}

Status TransportBuffer::close() {
  if (Status claimed = claim(); !claimed.ok()) return claimed;
  quarantine();
  std::unique_ptr<LentMemory> gone;  // after the lock
  const std::lock_guard lock(mutex_);
  gone = std::move(lent_);
  closed_ = true;
  claimed_ = false;
  return Status();
}

bool TransportBuffer::ready() const { return room_.slot.token != 0 && room_.session == connection_->session(); }

Status TransportBuffer::take_room(const RemoteRange& slot, uint64_t session, Deadline deadline) {
  std::unique_ptr<SlotMapping> mapping;  // none where the transport does not map
  if (previous_.mapping && previous_.session == session && same_place(previous_.slot, slot)) {
    mapping = std::move(previous_.mapping);
  } else {
    Status mapped = contain([&] {
      Result<std::unique_ptr<SlotMapping>> made = connection_->transport().map(slot, MapFor::kWriting, true, deadline);
      if (!made.ok()) return made.status();
      mapping = *std::move(made);
      return Status();
    });
    if (!mapped.ok() && mapped.code() != Code::kUnsupported) {
      connection_->abandon({&slot.token, 1}, session);
      quarantine();
      return mapped;
    }
  }
  replace_room({slot, session, std::move(mapping)});
  return Status();
}

void TransportBuffer::take_next(const RemoteRange& slot, uint64_t session, Deadline deadline) {
  room_.slot.token = 0;  // the volume's now
  if (slot.token == 0) {
    replace_room({});
    return;
  }
  if (Status taken = take_room(slot, session, deadline); !taken.ok()) {
    log(LogLevel::kWarning, "store",
        text("a buffer of ", bytes_text(bytes_), " has no room until its next put: ", taken.message()));
  }
}

void TransportBuffer::quarantine() noexcept {
  if (room_.slot.token != 0) {
    const uint64_t token = room_.slot.token;
    {
      const std::lock_guard lock(mutex_);
      room_.mapping.reset();  // whoever gives a slot back has let go of it
    }
    connection_->abandon({&token, 1}, room_.session);
  }
  replace_room({});
  previous_ = {};
  lost_.reset();
}

void TransportBuffer::replace_room(Room room) noexcept {
  Room gone;
  const std::lock_guard lock(mutex_);
  if (room.slot.token != 0 || room_.mapping || room_.slot.token != 0) ++generation_;
  gone = std::exchange(previous_, std::exchange(room_, std::move(room)));
  // What was filled in is not lost with the session: the memory is there for as long as it is mapped.
  const bool lost = previous_.slot.token != 0 && previous_.session != room_.session;
  if (lost && !lost_) lost_ = std::move(previous_.mapping);
}

}  // namespace windlass
