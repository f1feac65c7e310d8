// One connection to a volume's control loop, which many threads use at once.
//
//   open ──the peer ends, breaks the protocol, or a send stops half-way──▶ broken, for good
//
// Each request has an id, and its reply the same. There is no thread that reads: of those who wait for replies one
// reads, for all, until its own has come; then another takes over. A request whose caller stopped waiting is forgotten,
// and what its late reply grants is given back.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/deadline.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "base/vigil.hpp"
#include "transport/frame.hpp"
#include "transport/handshake.hpp"
#include "transport/stream.hpp"
#include "volume/messages.hpp"

namespace windlass {

struct ChannelReply {
  std::vector<std::byte> payload;
  OwnedDescriptor descriptor;
};

class ControlChannel {
 public:
  // stream: greeted. number: tells this channel from others of its client.
  ControlChannel(Stream stream, const Welcome& welcome, uint64_t number);
  ControlChannel(const ControlChannel&) = delete;
  ControlChannel& operator=(const ControlChannel&) = delete;

  const Welcome& welcome() const noexcept { return welcome_; }
  uint64_t number() const noexcept { return number_; }
  const std::string& peer() const noexcept { return stream_.peer(); }
  // Of the volume's process. Errors: kUnsupported (not a Unix socket).
  Result<PeerIdentity> identity() const { return stream_.identity(); }

  // Tokens and leases leave the client, and come to it, with this mixed in: those of another channel mean nothing here.
  // 0 for the first.
  uint64_t salt() const noexcept { return number_ * 0x9E3779B97F4A7C15; }
  uint64_t salted(uint64_t number) const noexcept { return number == 0 ? 0 : number ^ salt(); }

  // Whether it can be used as far as anybody knows; looks at the socket if nobody else does.
  bool alive();

  // Sends a frame of this id and type, and waits for its reply. Errors: kTimeout; kUnavailable (it broke; whether the
  // request was carried out is not known); kCorrupt (the volume broke the protocol).
  Result<ChannelReply> call(std::span<const std::byte> frame, uint64_t id, Message type, Deadline deadline);

  // Sends a frame that has no reply. Errors: kTimeout; kUnavailable.
  Status post(std::span<const std::byte> frame, Deadline deadline);

 private:
  struct Waiting {
    Message type = Message::kInfo;
    bool done = false;
    ChannelReply reply;
    std::condition_variable changed;
  };
  using Lock = std::unique_lock<std::mutex>;

  Status send(Lock& lock, std::span<const std::byte> frame, Deadline deadline);
  Status send_pieces(std::span<const std::byte> frame, Deadline deadline);
  Status await(Lock& lock, Waiting& mine, Deadline deadline);
  Status read_for(Lock& lock, Waiting& mine, Deadline deadline);
  // With the reader's role, and the lock released meanwhile. Returns how many bytes came.
  Result<size_t> read_now(Lock& lock);
  Status take_frames();
  Status take_reply(const Frame& frame);
  void note_late(Message type, std::span<const std::byte> payload);
  void give_back_late(Lock& lock);
  void let_read() noexcept;
  void break_off(const Status& cause) noexcept;
  Status broken_status(Message type) const;

  Stream stream_;
  const Welcome welcome_;
  const uint64_t number_;

  // Of whoever has the reader's role.
  FrameReader reader_;
  Vigil vigil_;
  std::deque<OwnedDescriptor> descriptors_;  // that came, and whose replies have not

  std::mutex mutex_;  // guards what follows
  std::condition_variable send_turn_;
  bool sending_ = false;
  bool reading_ = false;
  Status broken_;
  std::unordered_map<uint64_t, Waiting*> waiting_;
  std::map<uint64_t, Message> forgotten_;  // ids whose callers stopped waiting
  std::vector<uint64_t> late_tokens_;
  std::vector<uint64_t> late_leases_;
};

}  // namespace windlass
