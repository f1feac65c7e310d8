// Lets clients in to a volume, over Unix sockets and TCP.
//
//   open ──listen()…──▶ serving ──close()──▶ closed
//
// One thread, the control loop, does all talking of all clients: it accepts, greets, reads requests, has the volume
// answer them, and sends the answers. It never waits: a request that has to (for fresh pages), or is large, is carried
// out on a second thread, and the client's further requests wait meanwhile. Bytes that go over TCP have threads of
// their own (transport/lanes.hpp).
//
// A client that breaks the protocol, is slow in the middle of something, or does not read its answers is cut off with a
// line in the log; nobody else notices. What a client had ends with its connection. Over a Unix socket, where it may
// have the volume's memory mapped, a connection that ends without goodbye is no proof that nobody writes any more: what
// it had is kept until its process has ended.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "transport/socket_calls.hpp"
#include "volume/volume.hpp"

namespace windlass {

struct ListenOptions {
  std::string secret;            // that clients over TCP must know; at least 16 bytes. Empty: none
  uint32_t most_clients = 0;     // connections at once at this address; 0: 4096
  uint64_t slow_timeout_ns = 0;  // a client that is in the middle of something gets so long for the next step; 0: 10 s
  bool rdma = true;         // over TCP: whether clients may reach the volume's memory over RDMA, where there is some
  std::string rdma_device;  // "mlx5_0" or "mlx5_0:1"; empty: the likeliest
};

struct ServerCounts {
  uint64_t clients = 0;   // now
  uint64_t admitted = 0;  // since the start, as all that follow
  uint64_t refused = 0;   // during the handshake
  uint64_t cut_off = 0;   // by us: slow, or against the protocol
  uint64_t orphans = 0;   // now: clients whose connection is gone, and whose process may not be
};

class ControlHub;

class VolumeServer {
 public:
  // calls: of the system unless a test has others. Errors: kNoMemory (no thread).
  static Result<std::unique_ptr<VolumeServer>> open(std::shared_ptr<Volume> volume, SocketCalls* calls = nullptr);

  // For open().
  explicit VolumeServer(std::shared_ptr<ControlHub> hub) noexcept;
  ~VolumeServer();
  VolumeServer(const VolumeServer&) = delete;
  VolumeServer& operator=(const VolumeServer&) = delete;

  // Lets clients in at an address; it may be called for several. Returns the address as clients must give it. The lanes
  // have the slow_timeout of the first TCP address. Errors: kInvalidArgument; kPermission (beyond loopback without a
  // secret; somebody else's directory); kState (somebody listens there; closed); kNotFound; kNoMemory; kIo.
  Result<std::string> listen(std::string_view address, const ListenOptions& options);

  ServerCounts counts() const noexcept;

  // Stops listening and ends all connections and what they had; clients that still have memory mapped may go on
  // reading it, so that the volume is closed next, not used further. Blocks: until its threads have ended. May be
  // called again.
  void close() noexcept;

 private:
  const std::shared_ptr<ControlHub> hub_;
};

}  // namespace windlass
