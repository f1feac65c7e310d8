// A client's end of one lane.
//
//   idle ──begin()──▶ busy ──go_on()…──▶ idle
//
// It never blocks: whoever has begun a batch polls for wanted_events() and calls go_on(), until it is done. After an
// error that is the connection's it is not usable() any more; after one that the volume answered, it is.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

#include "base/deadline.hpp"
#include "base/status.hpp"
#include "base/vigil.hpp"
#include "transport/lanes.hpp"
#include "transport/stream.hpp"
#include "transport/tcp/lane_buffers.hpp"
#include "transport/tcp/lane_frames.hpp"
#include "transport/tcp/slice_source.hpp"

namespace windlass {

class ClientLane {
 public:
  // Connects, and shakes hands. Errors: those of Stream::connect and shake_hands. Blocks.
  static Result<std::unique_ptr<ClientLane>> open(const LaneRoute& route, Deadline deadline, SocketCalls& calls);

  // For open().
  explicit ClientLane(Stream stream) noexcept : stream_(std::move(stream)) {}

  // Takes from the source what it can move until the deadline. The source stays until the lane is done or dropped.
  void begin(SliceSource& source, Deadline deadline) noexcept;

  // Does what can be done without waiting. Returns whether its part is done. Errors: of the connection, after which the
  // lane is to be dropped. What the volume refused is told by refusal().
  Result<bool> go_on();

  // POLLIN, POLLOUT or both.
  int16_t wanted_events() const noexcept;
  int descriptor() const noexcept { return stream_.descriptor(); }

  // What the volume said of the last batch.
  const Status& refusal() const noexcept { return refusal_; }

  // Of whoever waits for the lane.
  Vigil& vigil() noexcept { return vigil_; }

  // Whether another batch can begin: nothing is under way, and the volume has not closed its end.
  bool usable() noexcept;

 private:
  enum class State { kIdle, kBusy, kBroken };

  Result<bool> step();
  Result<bool> step_write();
  Result<bool> step_read();
  void fill_write();
  bool fill_read();
  Result<bool> flush();
  Result<bool> take_reply_head(LaneFrame expected);
  Result<bool> receive_held(size_t bytes);
  Status check_time() const;
  Status malformed(std::string_view what) const;

  Stream stream_;
  LaneInput input_;
  LaneOutput output_;
  SliceSource* source_ = nullptr;
  Deadline deadline_ = Deadline::after(std::chrono::nanoseconds(0));
  State state_ = State::kIdle;
  uint64_t batch_ = 0;
  bool sent_slices_ = false;  // of this batch of writes
  bool sent_end_ = false;
  SliceBatch writing_;
  std::deque<SliceBatch> reading_;  // asked for, in order
  bool directed_ = false;           // the first of them is arriving
  Status refusal_;
  Vigil vigil_;
};

}  // namespace windlass
