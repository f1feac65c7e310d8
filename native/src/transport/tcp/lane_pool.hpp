// The lanes of one session: taken for a transfer, given back after it. They are opened when they are needed, and one
// that broke is made anew the next time.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/deadline.hpp"
#include "base/status.hpp"
#include "transport/lanes.hpp"
#include "transport/tcp/client_lane.hpp"

namespace windlass {

class LanePool {
 public:
  using Lanes = std::vector<std::unique_ptr<ClientLane>>;

  // Lanes on loan. Those that are usable go back with its end, the others are closed.
  class Loan {
   public:
    Loan(LanePool& pool, Lanes lanes) noexcept : pool_(&pool), lanes_(std::move(lanes)) {}
    ~Loan();
    Loan(Loan&& other) noexcept : pool_(other.pool_), lanes_(std::move(other.lanes_)) { other.lanes_.clear(); }
    Loan& operator=(Loan&&) = delete;
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    const Lanes& lanes() const noexcept { return lanes_; }

   private:
    LanePool* pool_;
    Lanes lanes_;
  };

  LanePool(LaneRoute route, uint32_t most_lanes, SocketCalls& calls) noexcept;

  // At least one, and up to wanted of those that nobody has. Errors: kTimeout (others have them all); those of opening
  // one.
  Result<Loan> borrow(size_t wanted, Deadline deadline);

  uint32_t most_lanes() const noexcept { return most_lanes_; }

 private:
  void give_back(Lanes& lanes) noexcept;
  Status open_missing(Lanes& lanes, size_t count, Deadline deadline);

  const LaneRoute route_;
  const uint32_t most_lanes_;
  SocketCalls& calls_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  Lanes free_;
  uint32_t lent_ = 0;  // or being opened
};

}  // namespace windlass
