#include "transport/tcp/tcp_lane_server.hpp"

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint32_t kMostLoops = 64;
constexpr uint32_t kMostDefaultLoops = 4;

}  // namespace

TcpLaneServer::TcpLaneServer(LaneAccess& access, std::vector<std::shared_ptr<EventLoop>> loops,
                             uint64_t slow_timeout_ns)
    : access_(access), slow_timeout_ns_(slow_timeout_ns), lanes_of_loop_(loops.size()), loops_(std::move(loops)) {}

TcpLaneServer::~TcpLaneServer() {
  for (const std::shared_ptr<EventLoop>& loop : loops_) loop->end();
}

Status TcpLaneServer::admit(Stream stream, uint64_t session, std::span<const std::byte> unread) {
  uint64_t number = 0;
  size_t loop = 0;
  {
    const std::lock_guard lock(mutex_);
    loop = static_cast<size_t>(std::min_element(lanes_of_loop_.begin(), lanes_of_loop_.end()) - lanes_of_loop_.begin());
    number = ++last_number_;
    lanes_.emplace(std::pair(session, number), Entry{loop, {}});
    ++lanes_of_loop_[loop];
  }
  Status admitted = contain([&]() -> Status {
    const auto closed = [this, session, number] { forget(session, number); };
    auto lane = std::make_shared<ServerLane>(
        std::move(stream), ServerLane::Place{*loops_[loop], access_, totals_, session, slow_timeout_ns_, closed});
    if (Status put = lane->put(unread); !put.ok()) return put;
    {
      const std::lock_guard lock(mutex_);
      lanes_[{session, number}].lane = lane;
    }
    if (loops_[loop]->post([lane] { lane->start(); })) return Status();
    return Status::error(Code::kState, "the volume is closing: no lanes are let in");
  });
  if (!admitted.ok()) forget(session, number);
  return admitted;
}

std::vector<TcpLaneServer::Entry> TcpLaneServer::lanes_of(uint64_t session) {
  std::vector<Entry> found;
  const std::lock_guard lock(mutex_);
  const auto first = lanes_.lower_bound({session, 0});
  const auto last = lanes_.upper_bound({session, std::numeric_limits<uint64_t>::max()});
  for (auto at = first; at != last; ++at) found.push_back(at->second);
  return found;
}

void TcpLaneServer::end_session(uint64_t session) noexcept {
  const Status done = contain([&] {
    for (const Entry& entry : lanes_of(session)) {
      const std::shared_ptr<ServerLane> lane = entry.lane.lock();
      if (lane != nullptr) loops_[entry.loop]->post([lane] { lane->close(); });
    }
    return Status();
  });
  if (!done.ok()) log(LogLevel::kError, "transport", done.message());
}

LaneCounts TcpLaneServer::counts() const noexcept {
  return {totals_->open.load(), totals_->opened.load(), totals_->cut_off.load(), totals_->received_bytes.load(),
          totals_->sent_bytes.load()};
}

void TcpLaneServer::forget(uint64_t session, uint64_t number) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = lanes_.find({session, number});
  if (found == lanes_.end()) return;
  --lanes_of_loop_[found->second.loop];
  lanes_.erase(found);
}

Result<std::unique_ptr<LaneServer>> open_lane_server(LaneAccess& access, const LaneServerOptions& options) {
  const uint32_t half = std::clamp(std::thread::hardware_concurrency() / 2, 1U, kMostDefaultLoops);
  const uint32_t count = options.loops != 0 ? std::min(options.loops, kMostLoops) : half;
  std::vector<std::shared_ptr<EventLoop>> loops;
  for (uint32_t at = 0; at < count; ++at) {
    Result<std::shared_ptr<EventLoop>> loop = EventLoop::open("lanes of a volume", options.calls);
    if (!loop.ok()) return loop.status();
    loops.push_back(*std::move(loop));
  }
  return std::unique_ptr<LaneServer>(
      std::make_unique<TcpLaneServer>(access, std::move(loops), options.slow_timeout_ns));
}

}  // namespace windlass
