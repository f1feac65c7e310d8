#include "volume/control_channel.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "volume/replies.hpp"
#include "volume/volume_world.hpp"

// What it does with a real volume is tested in volume_client_test.cpp.

namespace windlass {
namespace {

using test::soon;

class ControlChannelTest : public testing::Test {
 protected:
  ControlChannelTest() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    near_ = Stream(OwnedDescriptor(ends[0]), "the volume", SocketCalls::system());
    far_ = Stream(OwnedDescriptor(ends[1]), "the client", SocketCalls::system());
  }

  static std::vector<std::byte> request(Message type, uint64_t id) {
    std::vector<std::byte> bytes;
    FrameWriter frame(bytes, static_cast<uint16_t>(type), id);
    EXPECT_TRUE(frame.finish().ok());
    return bytes;
  }
  // The next request's id.
  uint64_t take_request() {
    FrameHeaderBytes head{};
    EXPECT_TRUE(far_.receive_exactly(head, soon()).ok());
    const FrameHeader header = *parse_frame_header(head, kMaxFramePayloadBytes);
    std::vector<std::byte> payload(header.payload_bytes);
    EXPECT_TRUE(far_.receive_exactly(payload, soon()).ok());
    return header.id;
  }
  void answer(Message type, uint64_t id, uint64_t number) {
    std::vector<std::byte> bytes;
    FrameWriter frame(bytes, static_cast<uint16_t>(static_cast<uint16_t>(type) | kReplyBit), id);
    Encoder out(bytes);
    encode_removed(number, out);
    EXPECT_TRUE(frame.finish().ok());
    EXPECT_TRUE(far_.send_all(bytes, soon()).ok());
  }

  Stream near_;
  Stream far_;
};

TEST_F(ControlChannelTest, eachCallerGetsItsOwnAnswerInWhateverOrderTheyCome) {
  ControlChannel channel(std::move(near_), {}, 0);
  std::vector<std::thread> callers;
  for (uint64_t id = 1; id <= 16; ++id) {
    callers.emplace_back([&channel, id] {
      const Result<ChannelReply> reply = channel.call(request(Message::kRemove, id), id, Message::kRemove, soon());
      ASSERT_TRUE(reply.ok()) << reply.status().to_string();
      EXPECT_EQ(*decode_removed(reply->payload), 100 + id);
    });
  }
  std::vector<uint64_t> ids;
  for (int at = 0; at < 16; ++at) ids.push_back(take_request());
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) answer(Message::kRemove, *id, 100 + *id);
  for (std::thread& caller : callers) caller.join();
  EXPECT_TRUE(channel.alive());
}

TEST_F(ControlChannelTest, itsEndEndsAllCalls) {
  ControlChannel channel(std::move(near_), {}, 0);
  std::vector<std::thread> callers;
  for (uint64_t id = 1; id <= 4; ++id) {
    callers.emplace_back([&channel, id] {
      const Status ended = channel.call(request(Message::kCommit, id), id, Message::kCommit, soon()).status();
      EXPECT_EQ(ended.code(), Code::kUnavailable);
      EXPECT_NE(ended.message().find("nobody knows whether it was carried out"), std::string_view::npos);
    });
  }
  for (int at = 0; at < 4; ++at) take_request();
  far_.close();
  for (std::thread& caller : callers) caller.join();
  EXPECT_FALSE(channel.alive());
  EXPECT_EQ(channel.call(request(Message::kInfo, 9), 9, Message::kInfo, soon()).status().code(), Code::kUnavailable);
}

TEST_F(ControlChannelTest, anEndIsSeenBeforeTheNextCall) {
  ControlChannel channel(std::move(near_), {}, 0);
  EXPECT_TRUE(channel.alive());
  far_.close();
  EXPECT_FALSE(channel.alive());
}

TEST_F(ControlChannelTest, aRequestThatIsNotTakenEndsTheChannelInTime) {
  ControlChannel channel(std::move(near_), {}, 0);
  std::vector<std::byte> large(32 << 20);
  const Deadline moment = Deadline::after(std::chrono::milliseconds(20));
  EXPECT_EQ(channel.call(large, 1, Message::kCommit, moment).status().code(), Code::kTimeout);
  EXPECT_FALSE(channel.alive());
}

TEST_F(ControlChannelTest, aLateAnswerIsForgotten) {
  ControlChannel channel(std::move(near_), {}, 0);
  const Deadline moment = Deadline::after(std::chrono::milliseconds(1));
  EXPECT_EQ(channel.call(request(Message::kRemove, 1), 1, Message::kRemove, moment).status().code(), Code::kTimeout);
  answer(Message::kRemove, take_request(), 1);
  std::thread volume([this] { answer(Message::kRemove, take_request(), 2); });
  const Result<ChannelReply> reply = channel.call(request(Message::kRemove, 2), 2, Message::kRemove, soon());
  volume.join();
  ASSERT_TRUE(reply.ok()) << reply.status().to_string();
  EXPECT_EQ(*decode_removed(reply->payload), 2U);
}

TEST_F(ControlChannelTest, saltTellsChannelsApart) {
  const ControlChannel first(std::move(near_), {}, 0);
  const ControlChannel second(std::move(far_), {}, 1);
  EXPECT_EQ(first.salted(5), 5U);
  EXPECT_NE(second.salted(5), 5U);
  EXPECT_EQ(second.salted(second.salted(5)), 5U);
  EXPECT_EQ(second.salted(0), 0U);
}

}  // namespace
}  // namespace windlass
