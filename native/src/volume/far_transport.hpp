// The transport of a client that reaches the volume's memory over RDMA.
//
// The volume's own segments are written and read in place. Memory that is offered may be taken back, and goes over
// lanes.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "base/status.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "transport/transport.hpp"
#include "volume/control_channel.hpp"
#include "volume/grant_table.hpp"
#include "volume/lane_transport.hpp"
#include "volume/volume_client.hpp"

namespace windlass {

// RDMA of the session in use; it is another one after the connection has broken. Opened when it is needed. The device,
// and what is registered with it, stay from one session to the next.
class RdmaInUse {
 public:
  // device: of this machine; empty: the likeliest.
  RdmaInUse(const std::string& device, std::shared_ptr<GrantTable> grants) : grants_(std::move(grants)) {
    wish_.device = device;
  }

  // This process's end; the volume need not hear of it where there is none. Errors: of open_rdma_client.
  Result<std::shared_ptr<RdmaClient>> end();

  // Whom to ask; it keeps this, and outlives all transports.
  void use(VolumeClient& client) noexcept { client_ = &client; }

  // A session has begun.
  void renew(const ControlChannel& channel);

  struct Current {
    std::shared_ptr<Transport> transport;
    uint64_t connection = 0;
  };
  // Errors: of open_rdma_client and RdmaClient.
  Result<Current> current(Deadline deadline);

  // Of this process's memory.
  RegistrationStatistics registrations() const;

  const GrantTable& grants() const noexcept { return *grants_; }

 private:
  RdmaWish wish_;
  const std::shared_ptr<GrantTable> grants_;
  VolumeClient* client_ = nullptr;
  std::mutex opening_;        // of whoever opens
  mutable std::mutex mutex_;  // guards what follows
  uint64_t connection_ = 0;
  std::shared_ptr<RdmaClient> end_;  // once it has been needed
  std::shared_ptr<Transport> transport_;
};

class FarTransport final : public Transport {
 public:
  // client is kept alive.
  FarTransport(std::shared_ptr<VolumeControl> client, std::shared_ptr<RdmaInUse> rdma,
               std::shared_ptr<LanesInUse> lanes) noexcept
      : client_(client), rdma_(std::move(rdma)), over_lanes_(std::move(client), std::move(lanes)) {}

  TransportKind kind() const noexcept override { return TransportKind::kRdma; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override;
  Status read(std::span<const ReadMove> moves, Deadline deadline) override;
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override;
  Result<std::unique_ptr<LentMemory>> lend(uint64_t bytes) override;
  bool keeps_ready(const std::byte* data, uint64_t bytes) const override;

 private:
  template <typename Move>
  Status check(uint64_t connection, std::span<const Move> moves) const;
  Status read_own(std::span<const ReadMove> moves, Deadline deadline);

  const std::shared_ptr<VolumeControl> client_;
  const std::shared_ptr<RdmaInUse> rdma_;
  LaneTransport over_lanes_;
};

}  // namespace windlass
