// A volume that has nothing but lanes: one piece of memory, a listener, and the lanes' server.
//
// kWriteToken may write it, kReadToken may read it. What reaches it is recorded.
#pragma once

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "transport/event_loop.hpp"
#include "transport/handshake.hpp"
#include "transport/lanes.hpp"
#include "transport/listener.hpp"

namespace windlass::fake {

struct FakeLaneVolumeOptions {
  uint64_t bytes = 64 * kKiB;
  std::string secret = {};
  uint32_t loops = 1;
  uint64_t slow_timeout_ns = 60'000'000'000;
  std::string address = "tcp://127.0.0.1:0";
};

class FakeLaneVolume final : public LaneAccess {
 public:
  static constexpr uint64_t kSession = 7;
  static constexpr uint64_t kSegment = 1;
  static constexpr uint64_t kWriteToken = 11;
  static constexpr uint64_t kReadToken = 12;

  using Options = FakeLaneVolumeOptions;

  explicit FakeLaneVolume(Options options = {})
      : memory_(options.bytes), loop_(EventLoop::open("fake volume").value()) {
    host_.secret = options.secret;
    host_.volume_nonce = 99;
    grant_ = {kSession, fresh_lane_key().value()};
    host_.open_session = [this]() -> Result<SessionGrant> { return grant_; };
    host_.lane_key = [this](uint64_t session) -> Result<LaneKey> {
      if (session == kSession && !ended_) return grant_.lane_key;
      return Status::error(Code::kUnavailable, "there is no such session");
    };
    LaneServerOptions lanes;
    lanes.loops = options.loops;
    lanes.slow_timeout_ns = options.slow_timeout_ns;
    server_ = open_lane_server(*this, lanes).value();
    auto door = std::make_shared<Door>(*this, Listener::open(parse_address(options.address).value()).value());
    address_ = door->address();
    loop_->post([this, door] { EXPECT_TRUE(loop_->watch(door->descriptor(), EPOLLIN, door).ok()); });
  }
  ~FakeLaneVolume() override {
    loop_->end();
    server_.reset();
    EXPECT_EQ(live_holds(), 0U);
  }

  const Address& address() const { return address_; }
  const HandshakeHost& host() const { return host_; }
  LaneRoute route() const { return {address_, host_.secret, grant_}; }
  LaneServer& server() { return *server_; }
  std::vector<std::byte>& memory() { return memory_; }
  RemoteRange writable(uint64_t offset, uint64_t bytes) const { return {kWriteToken, kSegment, offset, bytes}; }
  RemoteRange readable(uint64_t offset, uint64_t bytes) const { return {kReadToken, kSegment, offset, bytes}; }

  // Lets no lane of the session in any more, and closes those that there are.
  void end_session() {
    ended_ = true;
    close_lanes();
  }
  // Where lanes are let in, so that it comes behind those whose handshakes have ended.
  void close_lanes() {
    EXPECT_TRUE(loop_->post([this] { server_->end_session(kSession); }));
  }
  uint64_t finished_bytes() const { return finished_bytes_.load(); }
  uint64_t live_holds() const { return live_holds_.load(); }

  Result<std::unique_ptr<LaneHold>> hold(uint64_t session, std::span<const RemoteRange> ranges,
                                         MapFor purpose) override {
    if (ended_) return Status::error(Code::kUnavailable, "the session has ended");
    std::vector<std::span<std::byte>> parts;
    for (const RemoteRange& range : ranges) {
      const bool known = session == kSession && range.segment == kSegment &&
                         range.token == (purpose == MapFor::kWriting ? kWriteToken : kReadToken);
      if (!known || !in_range(range.offset, range.bytes, memory_.size())) {
        return Status::error(Code::kInvalidArgument, "a token that is not the session's");
      }
      parts.push_back(std::span(memory_).subspan(range.offset, range.bytes));
    }
    return std::unique_ptr<LaneHold>(std::make_unique<Hold>(*this, std::move(parts)));
  }

 private:
  class Hold final : public LaneHold {
   public:
    Hold(FakeLaneVolume& volume, std::vector<std::span<std::byte>> parts) : volume_(volume), parts_(std::move(parts)) {
      volume_.live_holds_.fetch_add(1);
    }
    ~Hold() override { volume_.live_holds_.fetch_sub(1); }
    std::span<const std::span<std::byte>> parts() const noexcept override { return parts_; }
    void finish() noexcept override {
      for (const std::span<std::byte> part : parts_) volume_.finished_bytes_.fetch_add(part.size());
    }

   private:
    FakeLaneVolume& volume_;
    const std::vector<std::span<std::byte>> parts_;
  };

  // A connection until its handshake has ended.
  class Guest final : public EventLoop::Handler {
   public:
    Guest(FakeLaneVolume& volume, Stream stream)
        : volume_(volume), stream_(std::move(stream)), handshake_(volume.host_) {}
    int descriptor() const { return stream_.descriptor(); }
    void ready(uint32_t) override {
      const iovec room = piece_of(handshake_.room());
      Result<size_t> received = stream_.receive_now(std::span(&room, 1));
      if (received.ok() && *received == 0) return;
      std::vector<std::byte> output;
      Result<bool> admitted = received.ok() ? handshake_.arrived(*received, output) : Result<bool>(received.status());
      if (!output.empty() && !stream_.send_all(output, Deadline::after(std::chrono::seconds(10))).ok()) {
        volume_.loop_->forget(descriptor());
        return;
      }
      if (admitted.ok() && !*admitted) return;
      volume_.loop_->forget(descriptor());
      if (admitted.ok() && handshake_.purpose() == Purpose::kLane) {
        static_cast<void>(volume_.server_->admit(std::move(stream_), handshake_.session(), handshake_.unread()));
      }
    }
    void failed(const Status& cause) noexcept override { ADD_FAILURE() << cause.to_string(); }

   private:
    FakeLaneVolume& volume_;
    Stream stream_;
    ServerHandshake handshake_;
  };

  class Door final : public EventLoop::Handler {
   public:
    Door(FakeLaneVolume& volume, Listener listener) : volume_(volume), listener_(std::move(listener)) {}
    const Address& address() const { return listener_.address(); }
    int descriptor() const { return listener_.descriptor(); }
    void ready(uint32_t) override {
      Result<std::optional<Stream>> stream = listener_.accept_now();
      if (!stream.ok() || !stream->has_value()) return;
      auto guest = std::make_shared<Guest>(volume_, *std::move(*stream));
      EXPECT_TRUE(volume_.loop_->watch(guest->descriptor(), EPOLLIN, guest).ok());
    }
    void failed(const Status& cause) noexcept override { ADD_FAILURE() << cause.to_string(); }

   private:
    FakeLaneVolume& volume_;
    Listener listener_;
  };

  std::vector<std::byte> memory_;
  HandshakeHost host_;
  SessionGrant grant_;
  std::atomic<bool> ended_ = false;
  std::atomic<uint64_t> finished_bytes_ = 0;
  std::atomic<uint64_t> live_holds_ = 0;
  Address address_;
  std::unique_ptr<LaneServer> server_;
  const std::shared_ptr<EventLoop> loop_;
};

}  // namespace windlass::fake
