// The transport of a client whose bytes go over lanes, whichever session it has.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "base/status.hpp"
#include "transport/address.hpp"
#include "transport/lanes.hpp"
#include "transport/transport.hpp"
#include "volume/connect.hpp"
#include "volume/control_channel.hpp"

namespace windlass {

// Lanes of the session in use; they are other ones after the connection has broken.
class LanesInUse {
 public:
  explicit LanesInUse(ConnectOptions options) : options_(std::move(options)) {}

  // A session has begun, over a connection to this address. Errors: those of open_lane_transport.
  Status renew(const Address& address, const ControlChannel& channel);

  struct Current {
    std::shared_ptr<Transport> lanes;
    uint64_t salt = 0;  // of the session's tokens
  };
  Current current() const;

 private:
  const ConnectOptions options_;
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<Transport> lanes_;
  uint64_t salt_ = 0;
};

class LaneTransport final : public Transport {
 public:
  // client is kept alive.
  LaneTransport(std::shared_ptr<VolumeControl> client, std::shared_ptr<LanesInUse> lanes) noexcept
      : client_(std::move(client)), lanes_(std::move(lanes)) {}

  TransportKind kind() const noexcept override { return TransportKind::kTcp; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override;
  Status read(std::span<const ReadMove> moves, Deadline deadline) override;
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override;

 private:
  const std::shared_ptr<VolumeControl> client_;
  const std::shared_ptr<LanesInUse> lanes_;
};

}  // namespace windlass
