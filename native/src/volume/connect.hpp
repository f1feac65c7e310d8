// A way to a volume elsewhere: the connection that asks, and the transport that moves bytes.
//
// Which transport: at a Unix address shm. At a TCP address shm too, if the volume is on this machine and its Unix
// socket lets us in; else rdma, if both have it; else tcp. It can be forced. The choice is made once; a connection that
// is made anew later is of the same kind.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/deadline.hpp"
#include "base/status.hpp"
#include "transport/handshake.hpp"
#include "transport/registration_cache.hpp"
#include "transport/socket_calls.hpp"
#include "transport/stream.hpp"
#include "transport/transport.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

struct ConnectOptions {
  TransportKind transport = TransportKind::kAuto;
  std::string secret;       // what the volume asks for over TCP; empty: none
  uint32_t lanes = 0;       // connections that carry bytes over TCP; 0: as many as pay
  std::string rdma_device;  // "mlx5_0" or "mlx5_0:1", for rdma; empty: the likeliest
  std::chrono::nanoseconds connect_timeout{std::chrono::seconds(5)};  // also of each time that it connects anew
  bool reads_process = true;     // whether offered memory is read out of the volume's process, where that is allowed
  SocketCalls* calls = nullptr;  // null: the system's
};

struct VolumeConnection {
  std::shared_ptr<VolumeControl> control;
  std::shared_ptr<Transport> transport;  // keeps the control alive
  TransportKind kind = TransportKind::kAuto;
  std::string reason;  // why this kind: a sentence
  // How many connections were made so far: 1, and one more for each that broke. It names the session in use too: while
  // it is the same, so are tokens and leases; once it has grown, those from before are gone.
  std::function<uint64_t()> connections;
  // Of the volume that it is connected to now.
  std::function<uint64_t()> volume_nonce;
  // Of this process's memory, with the device that it goes over; null where it goes over none.
  std::function<RegistrationStatistics()> registrations;
};

// uri: "shm://NAME", "shm:///PATH" or "tcp://HOST:PORT". Errors: kInvalidArgument; kUnavailable (nobody listens
// there); kPermission (the secret, or the user, is not right); kVersion; kUnsupported (the transport that was asked for
// cannot be had: why); kTimeout. Blocks: for the connection.
Result<VolumeConnection> connect_volume(std::string_view uri, const ConnectOptions& options);

}  // namespace windlass
