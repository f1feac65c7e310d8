#include "transport/tcp/lane_pool.hpp"

#include <algorithm>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// What the clock of a condition variable can add to now.
constexpr std::chrono::hours kLongestWait{24 * 365};

}  // namespace

LanePool::LanePool(LaneRoute route, uint32_t most_lanes, SocketCalls& calls) noexcept
    : route_(std::move(route)), most_lanes_(most_lanes), calls_(calls) {}

LanePool::Loan::~Loan() {
  if (!lanes_.empty()) pool_->give_back(lanes_);
}

Result<LanePool::Loan> LanePool::borrow(size_t wanted, Deadline deadline) {
  wanted = std::clamp<size_t>(wanted, 1, most_lanes_);
  Lanes lanes;
  lanes.reserve(wanted);
  Lanes broken;
  broken.reserve(most_lanes_);
  size_t missing = 0;
  {
    std::unique_lock lock(mutex_);
    const auto longest = std::min<std::chrono::nanoseconds>(deadline.remaining(), kLongestWait);
    const bool there = returned_.wait_for(lock, longest, [this] { return lent_ < most_lanes_; });
    if (!there) {
      return Status::error(Code::kTimeout, text(route_.address.to_string(), ": all ", most_lanes_,
                                                " lanes are in use; give more time, or allow for more lanes"));
    }
    free_.reserve(most_lanes_);
    while (lanes.size() < wanted && !free_.empty()) {
      // The volume may have closed it meanwhile.
      Lanes& where = free_.back()->usable() ? lanes : broken;
      where.push_back(std::move(free_.back()));
      free_.pop_back();
    }
    const size_t in_use = lent_ + lanes.size() + free_.size();
    missing = std::min<size_t>(wanted - lanes.size(), most_lanes_ - std::min<size_t>(in_use, most_lanes_));
    lent_ += static_cast<uint32_t>(lanes.size() + missing);
  }
  const size_t had = lanes.size();
  const Status opened = contain([&] { return open_missing(lanes, missing, deadline); });
  if (!opened.ok()) {
    {
      const std::lock_guard lock(mutex_);
      lent_ -= static_cast<uint32_t>(had + missing - lanes.size());
    }
    returned_.notify_all();
    if (lanes.empty()) return opened;
    // Fewer lanes carry the same bytes.
    log(LogLevel::kInfo, "transport", text("a further lane could not be opened: ", opened.message()));
  }
  return Loan(*this, std::move(lanes));
}

Status LanePool::open_missing(Lanes& lanes, size_t count, Deadline deadline) {
  for (size_t made = 0; made < count; ++made) {
    Result<std::unique_ptr<ClientLane>> opened = ClientLane::open(route_, deadline, calls_);
    if (!opened.ok()) return opened.status();
    lanes.push_back(*std::move(opened));
  }
  return Status();
}

void LanePool::give_back(Lanes& lanes) noexcept {
  {
    const std::lock_guard lock(mutex_);
    lent_ -= static_cast<uint32_t>(lanes.size());
    for (std::unique_ptr<ClientLane>& lane : lanes) {
      // There is room: borrow() has reserved it for all.
      if (lane->usable()) free_.push_back(std::move(lane));
    }
  }
  returned_.notify_all();
}

}  // namespace windlass
