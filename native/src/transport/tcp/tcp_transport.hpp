// The transport over lanes: one transfer is shared out among one or more of them, by its size.
//
// A few threads drive the lanes where there are processors for them; else the caller's drives them all.
#pragma once

#include <poll.h>

#include <cstdint>
#include <span>

#include "base/vigil.hpp"
#include "base/worker_pool.hpp"
#include "transport/lanes.hpp"
#include "transport/tcp/lane_pool.hpp"
#include "transport/transport.hpp"

namespace windlass {

class TcpTransport final : public Transport {
 public:
  TcpTransport(LaneRoute route, uint32_t lanes, SocketCalls& calls) noexcept;

  TransportKind kind() const noexcept override { return TransportKind::kTcp; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override;
  Status read(std::span<const ReadMove> moves, Deadline deadline) override;
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override;

 private:
  Status transfer(SliceSource& source, LanePool::Loan& loan, Deadline deadline);
  Status drive(SliceSource& source, std::span<const std::unique_ptr<ClientLane>> lanes, Deadline deadline);
  int wait(std::span<pollfd> lanes, Vigil& vigil, Deadline deadline) noexcept;
  Result<LanePool::Loan> borrow_for(uint64_t bytes, Deadline deadline);

  SocketCalls& calls_;
  LanePool pool_;
  WorkerPool workers_;
};

}  // namespace windlass
