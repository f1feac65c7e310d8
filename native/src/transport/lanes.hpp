// Lanes: connections that carry the bytes of values, beside a session's control connection.
//
// Each end is an interface here, so that a volume and a store need not know what the lanes are made of. Those that
// there are go over TCP (tcp/); whoever opens the ends has opened such.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.hpp"
#include "transport/address.hpp"
#include "transport/event_loop.hpp"
#include "transport/handshake.hpp"
#include "transport/stream.hpp"
#include "transport/transport.hpp"

namespace windlass {

// Parts of slots as memory of this process. As long as it lives they are what they were opened for: what is read does
// not change, and what is written is not published. Threads: one at a time.
class LaneHold {
 public:
  LaneHold() = default;
  virtual ~LaneHold() = default;  // lets go; bytes that were written without finish() do not count
  LaneHold(const LaneHold&) = delete;
  LaneHold& operator=(const LaneHold&) = delete;

  // One for each range, as long as it.
  virtual std::span<const std::span<std::byte>> parts() const noexcept = 0;

  // All bytes of all parts have been written: counts them as received, and lets go. The client hears of it after.
  virtual void finish() noexcept = 0;
};

// What lanes ask of the volume that they belong to. Called on the lanes' loops: it never blocks. Threads: any.
class LaneAccess {
 public:
  LaneAccess() = default;
  virtual ~LaneAccess() = default;
  LaneAccess(const LaneAccess&) = delete;
  LaneAccess& operator=(const LaneAccess&) = delete;

  // The memory of ranges, which a client has sent: at least one, none of them empty, together no more than 2 MiB.
  // Errors: kInvalidArgument (a token that is not this session's, or not for this purpose; a range outside its slot);
  // kUnavailable (no such session).
  virtual Result<std::unique_ptr<LaneHold>> hold(uint64_t session, std::span<const RemoteRange> ranges,
                                                 MapFor purpose) = 0;
};

struct LaneCounts {
  uint64_t open = 0;  // now
  uint64_t opened = 0;
  uint64_t cut_off = 0;  // by us: slow, or against the protocol
  uint64_t received_bytes = 0;
  uint64_t sent_bytes = 0;
};

// The volume's ends of all lanes of all its sessions. Threads: any.
class LaneServer {
 public:
  LaneServer() = default;
  virtual ~LaneServer() = default;  // closes all lanes; not on one of its loops
  LaneServer(const LaneServer&) = delete;
  LaneServer& operator=(const LaneServer&) = delete;

  // Takes over a connection whose handshake has ended and of which no more is to be sent; the loop that watched it has
  // forgotten it. unread: what has arrived beyond the handshake. Errors: kState (it is closing); kNoMemory.
  virtual Status admit(Stream stream, uint64_t session, std::span<const std::byte> unread) = 0;

  // Closes the session's lanes. Returns at once: memory that a lane was given is let go of by its loop. A session's
  // last admit has returned before.
  virtual void end_session(uint64_t session) noexcept = 0;

  virtual LaneCounts counts() const noexcept = 0;
};

struct LaneServerOptions {
  uint32_t loops = 0;                         // 0: half as many as processors, 1 to 4
  uint64_t slow_timeout_ns = 10'000'000'000;  // a lane in the middle of something that gets no further is cut off
  SocketCalls* calls = nullptr;               // null: the system's
};

// access outlives it. Errors: kNoMemory (no threads).
Result<std::unique_ptr<LaneServer>> open_lane_server(LaneAccess& access, const LaneServerOptions& options);

// Where a client's lanes lead.
struct LaneRoute {
  Address address;
  std::string secret;
  SessionGrant grant;  // of the control connection's WELCOME
};

struct LaneOptions {
  uint32_t lanes = 0;            // at most so many connections; 0: 4
  SocketCalls* calls = nullptr;  // null: the system's
};

// A transport over lanes, for one session; once that has ended, each call says kUnavailable. Connects nothing yet:
// lanes are opened when bytes need them. Errors: kInvalidArgument.
Result<std::unique_ptr<Transport>> open_lane_transport(LaneRoute route, const LaneOptions& options);

}  // namespace windlass
