#include "transport/tcp/tcp_transport.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include "base/contain.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint32_t kDefaultLanes = 4;
constexpr uint32_t kMostLanes = 64;
// A lane is worth its own wake-ups from so many bytes on.
constexpr uint64_t kBytesOfLane = 4 * kMiB;

// The other half of the processors is for whoever is at the other end, or for the program.
uint32_t driving_threads(uint32_t lanes) noexcept {
  return std::clamp(std::thread::hardware_concurrency() / 2, 1U, lanes);
}

// Whether the lane has more to do.
template <typename Fail>
bool goes_on(ClientLane& lane, const Fail& fail) {
  const Result<bool> done = lane.go_on();
  if (!done.ok()) {
    fail(done.status());
    return false;
  }
  if (*done && !lane.refusal().ok()) fail(lane.refusal());
  return !*done;
}

}  // namespace

TcpTransport::TcpTransport(LaneRoute route, uint32_t lanes, SocketCalls& calls) noexcept
    : calls_(calls), pool_(std::move(route), lanes, calls), workers_(driving_threads(lanes)) {}

Result<LanePool::Loan> TcpTransport::borrow_for(uint64_t bytes, Deadline deadline) {
  return pool_.borrow(static_cast<size_t>(std::min<uint64_t>(bytes / kBytesOfLane, kMostLanes)), deadline);
}

Status TcpTransport::write(std::span<const WriteMove> moves, Deadline deadline) {
  const uint64_t bytes = bytes_of(moves);
  if (bytes == 0) return Status();
  return contain([&]() -> Status {
    Result<LanePool::Loan> loan = borrow_for(bytes, deadline);
    if (!loan.ok()) return loan.status();
    SliceSource source(moves, loan->lanes().size());
    return transfer(source, *loan, deadline);
  });
}

Status TcpTransport::read(std::span<const ReadMove> moves, Deadline deadline) {
  const uint64_t bytes = bytes_of(moves);
  if (bytes == 0) return Status();
  return contain([&]() -> Status {
    Result<LanePool::Loan> loan = borrow_for(bytes, deadline);
    if (!loan.ok()) return loan.status();
    SliceSource source(moves, loan->lanes().size());
    return transfer(source, *loan, deadline);
  });
}

Result<std::unique_ptr<SlotMapping>> TcpTransport::map(const RemoteRange&, MapFor, bool, Deadline) {
  return Status::error(
      Code::kUnsupported,
      "nothing can be mapped over TCP; read it into memory, or connect over shm:// on the same machine");
}

Status TcpTransport::transfer(SliceSource& source, LanePool::Loan& loan, Deadline deadline) {
  const std::span<const std::unique_ptr<ClientLane>> lanes = loan.lanes();
  for (const std::unique_ptr<ClientLane>& lane : lanes) lane->begin(source, deadline);
  const size_t threads = std::min<size_t>(workers_.thread_count(), lanes.size());
  if (threads <= 1) return drive(source, lanes, deadline);
  return workers_.run(threads, [&](uint64_t index) {
    const size_t first = lanes.size() * index / threads;
    const size_t last = lanes.size() * (index + 1) / threads;
    return drive(source, lanes.subspan(first, last - first), deadline);
  });
}

// Looks on for a while before it sleeps, where lanes have been ready soon.
int TcpTransport::wait(std::span<pollfd> lanes, Vigil& vigil, Deadline deadline) noexcept {
  vigil.begin();
  int ready = 0;
  while (ready == 0 && vigil.looks_on()) ready = calls_.poll(lanes, 0);
  if (ready == 0) ready = calls_.poll(lanes, deadline.remaining_ms());
  vigil.end();
  return ready;
}

// Goes on with those of the lanes that can, until all are done. After a failure none takes anything new, and those that
// can end what they have begun, so that they stay usable.
Status TcpTransport::drive(SliceSource& source, std::span<const std::unique_ptr<ClientLane>> lanes, Deadline deadline) {
  Status first_failure;
  const auto fail = [&](const Status& cause) {
    source.stop();
    if (first_failure.ok()) first_failure = cause;
  };
  std::vector<ClientLane*> busy;
  std::vector<pollfd> waits;
  for (const std::unique_ptr<ClientLane>& lane : lanes) {
    busy.push_back(lane.get());
    waits.push_back({lane->descriptor(), 0, POLLOUT});
  }
  while (true) {
    size_t kept = 0;
    for (size_t at = 0; at < busy.size(); ++at) {
      if (waits[at].revents == 0 || goes_on(*busy[at], fail)) busy[kept++] = busy[at];
    }
    busy.resize(kept);
    waits.resize(kept);
    if (busy.empty()) return first_failure;
    for (size_t at = 0; at < kept; ++at) waits[at] = {busy[at]->descriptor(), busy[at]->wanted_events(), 0};
    const int ready = wait(waits, busy.front()->vigil(), deadline);
    if (ready < 0 && ready != -EINTR) {
      fail(Status::error(Code::kIo, text("lanes cannot be waited for: ", errno_text(-ready)), -ready));
      return first_failure;
    }
    if (deadline.expired()) {
      fail(Status::error(Code::kTimeout, text(busy.size(),
                                              " lanes did not move all bytes in time; the volume is busy, "
                                              "or hangs: give more time, or see what it does")));
      return first_failure;
    }
  }
}

Result<std::unique_ptr<Transport>> open_lane_transport(LaneRoute route, const LaneOptions& options) {
  const uint32_t lanes = options.lanes != 0 ? options.lanes : kDefaultLanes;
  if (lanes > kMostLanes) {
    return Status::error(Code::kInvalidArgument,
                         text(lanes, " lanes; give 1 to ", kMostLanes, ", or 0 for ", kDefaultLanes));
  }
  SocketCalls& calls = options.calls != nullptr ? *options.calls : SocketCalls::system();
  return std::unique_ptr<Transport>(std::make_unique<TcpTransport>(std::move(route), lanes, calls));
}

}  // namespace windlass
