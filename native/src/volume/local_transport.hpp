// The transport of a client that lives in the volume's own process: copies between its memory and the slots'.
//
// Threads: any.
#pragma once

#include <memory>

#include "base/worker_pool.hpp"
#include "transport/transport.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

class LocalTransport final : public Transport {
 public:
  // worker_threads: that copy large moves; 0: as many as copying needs.
  explicit LocalTransport(std::shared_ptr<VolumeSession> session, uint32_t worker_threads = 0);

  TransportKind kind() const noexcept override { return TransportKind::kLocal; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override;
  Status read(std::span<const ReadMove> moves, Deadline deadline) override;
  // Always populated.
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override;

 private:
  const std::shared_ptr<VolumeSession> session_;
  WorkerPool workers_;
};

}  // namespace windlass
