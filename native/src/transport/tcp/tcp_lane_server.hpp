// The volume's ends of lanes over TCP, on a few event loops of their own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "transport/event_loop.hpp"
#include "transport/lanes.hpp"
#include "transport/tcp/server_lane.hpp"

namespace windlass {

class TcpLaneServer final : public LaneServer {
 public:
  // For open_lane_server.
  TcpLaneServer(LaneAccess& access, std::vector<std::shared_ptr<EventLoop>> loops, uint64_t slow_timeout_ns);
  ~TcpLaneServer() override;

  Status admit(Stream stream, uint64_t session, std::span<const std::byte> unread) override;
  void end_session(uint64_t session) noexcept override;
  LaneCounts counts() const noexcept override;

 private:
  struct Entry {
    size_t loop = 0;
    std::weak_ptr<ServerLane> lane;
  };

  std::vector<Entry> lanes_of(uint64_t session);
  void forget(uint64_t session, uint64_t number) noexcept;

  LaneAccess& access_;
  const uint64_t slow_timeout_ns_;
  const std::shared_ptr<LaneTotals> totals_ = std::make_shared<LaneTotals>();
  std::mutex mutex_;                                      // guards what follows
  std::map<std::pair<uint64_t, uint64_t>, Entry> lanes_;  // by session and number
  uint64_t last_number_ = 0;
  std::vector<uint64_t> lanes_of_loop_;
  // Last, so that its threads have ended before anything they use is gone.
  const std::vector<std::shared_ptr<EventLoop>> loops_;
};

}  // namespace windlass
