// A volume's end of one lane, on an event loop.
//
// It never blocks, reads no further while an answer of its own waits to be sent, and gives way to the loop's other
// lanes after a few megabytes. Bytes that are refused are received and dropped, so that the lane goes on.
//
// Threads: its loop's, save for construction.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "transport/event_loop.hpp"
#include "transport/lanes.hpp"
#include "transport/stream.hpp"
#include "transport/tcp/lane_buffers.hpp"
#include "transport/tcp/lane_frames.hpp"

namespace windlass {

// What all lanes of a server share.
struct LaneTotals {
  std::atomic<uint64_t> open{0};
  std::atomic<uint64_t> opened{0};
  std::atomic<uint64_t> cut_off{0};
  std::atomic<uint64_t> received_bytes{0};
  std::atomic<uint64_t> sent_bytes{0};
};

class ServerLane final : public EventLoop::Handler, public std::enable_shared_from_this<ServerLane> {
 public:
  struct Place {
    EventLoop& loop;  // both outlive the lane
    LaneAccess& access;
    std::shared_ptr<LaneTotals> totals;
    uint64_t session = 0;
    uint64_t slow_timeout_ns = 0;
    std::function<void()> closed;  // called once, on the loop
  };

  ServerLane(Stream stream, Place place);
  ~ServerLane() override;

  // For construction: what has arrived already. Errors: kCorrupt (more than a lane takes).
  Status put(std::span<const std::byte> unread) { return input_.put(unread); }

  // On the loop:
  void start();
  void ready(uint32_t events) override;
  void failed(const Status& cause) noexcept override;
  void close() noexcept;

  uint64_t session() const noexcept { return place_.session; }

 private:
  enum class Progress { kDone, kWaits };

  // What is under way.
  enum class State { kFrame, kWriting, kDropping };

  Result<Progress> go_on();
  Result<Progress> receive();
  Result<Progress> send();
  Result<Progress> take_frame();
  Result<Progress> take_slices(const FrameHeader& header);
  Status take_end(const FrameHeader& header);
  Status begin_write(const FrameHeader& header, uint64_t bytes);
  Status begin_read(const FrameHeader& header, uint64_t bytes);
  void drop_bytes(uint64_t bytes);
  void end_write() noexcept;
  bool busy() const noexcept;
  void watch_progress();
  void check_progress();
  Status update_events();
  void cut_off(const Status& cause) noexcept;

  Stream stream_;
  const Place place_;
  LaneInput input_;
  LaneOutput output_;
  State state_ = State::kFrame;
  std::vector<RemoteRange> ranges_;
  std::unique_ptr<LaneHold> hold_;  // of what is under way
  std::vector<std::byte> dropped_;  // where refused bytes go
  bool in_batch_ = false;
  uint64_t batch_ = 0;
  Status refusal_;  // of the batch
  uint64_t budget_bytes_ = 0;
  uint64_t progress_ns_ = 0;
  EventLoop::TimerId timer_ = 0;
  uint32_t watched_events_ = 0;
  bool open_ = false;
};

}  // namespace windlass
