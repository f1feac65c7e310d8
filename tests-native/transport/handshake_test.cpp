#include "transport/handshake.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "fake/fake_socket_calls.hpp"
#include "fake/stream_pair.hpp"
#include "support/soon.hpp"
#include "transport/status_fields.hpp"
#include "transport/wire.hpp"

namespace windlass {
namespace {

using fake::FakeSocketCalls;
using fake::StreamPair;

using test::soon;

// A server's end that runs in a thread of its own, as bytes arrive.
class Server {
 public:
  explicit Server(HandshakeHost host, size_t piece = 1000) : host_(std::move(host)), piece_(piece) {}

  Status run(Stream& stream) {
    ServerHandshake handshake(host_);
    while (true) {
      const std::span<std::byte> room = handshake.room();
      Result<size_t> received = stream.receive_some(room.first(std::min(piece_, room.size())), soon());
      if (!received.ok()) return received.status();
      std::vector<std::byte> output;
      Result<bool> admitted = handshake.arrived(*received, output);
      if (!output.empty()) {
        if (Status sent = stream.send_all(output, soon()); !sent.ok()) return sent;
      }
      if (!admitted.ok()) return admitted.status();
      if (!*admitted) continue;
      EXPECT_TRUE(handshake.unread().empty());
      session_ = handshake.session();
      purpose_ = handshake.purpose();
      return Status();
    }
  }
  uint64_t session() const { return session_; }
  Purpose purpose() const { return purpose_; }

 private:
  HandshakeHost host_;
  size_t piece_;
  uint64_t session_ = 0;
  Purpose purpose_ = Purpose::kControl;
};

LaneKey some_key() {
  LaneKey key{};
  key.fill(std::byte{42});
  return key;
}

HandshakeHost host(const std::string& secret) {
  HandshakeHost made;
  made.secret = secret;
  made.volume_nonce = 77;
  made.unix_path = "/run/volume.sock";
  made.open_session = [] { return Result<SessionGrant>(SessionGrant{5, some_key()}); };
  made.lane_key = [](uint64_t session) -> Result<LaneKey> {
    if (session == 5) return some_key();
    return Status::error(Code::kUnavailable, "there is no such session");
  };
  return made;
}

struct Outcome {
  Result<Welcome> client = Status::error(Code::kInternal, "not run");
  Status server;
};

Outcome meet(Server& server, const Greeting& greeting, SocketCalls& calls = SocketCalls::system()) {
  StreamPair pair(calls);
  Outcome outcome;
  std::thread other([&] {
    outcome.server = server.run(pair.other);
    pair.other.close();
  });
  outcome.client = shake_hands(pair.one, greeting, soon());
  pair.one.close();
  other.join();
  return outcome;
}

TEST(HandshakeTest, bothSidesLearnWhatTheyNeed) {
  for (const std::string secret : {"", "a secret of the tests"}) {
    Server server(host(secret));
    const Outcome outcome = meet(server, {Purpose::kControl, secret, {}});
    ASSERT_TRUE(outcome.client.ok()) << outcome.client.status().to_string();
    EXPECT_TRUE(outcome.server.ok()) << outcome.server.to_string();
    EXPECT_EQ(outcome.client->protocol, kHighestProtocol);
    EXPECT_EQ(outcome.client->grant.session, 5U);
    EXPECT_EQ(outcome.client->grant.lane_key, some_key());
    EXPECT_EQ(outcome.client->volume_nonce, 77U);
    EXPECT_EQ(outcome.client->host, host_id());
    EXPECT_EQ(outcome.client->unix_path, "/run/volume.sock");
    EXPECT_EQ(server.session(), 5U);
    EXPECT_EQ(server.purpose(), Purpose::kControl);
  }
}

TEST(HandshakeTest, aLaneProvesItsSession) {
  for (const std::string secret : {"", "a secret of the tests"}) {
    Server server(host(secret));
    const Outcome outcome = meet(server, {Purpose::kLane, secret, {5, some_key()}});
    ASSERT_TRUE(outcome.client.ok()) << outcome.client.status().to_string();
    EXPECT_EQ(server.session(), 5U);
    EXPECT_EQ(server.purpose(), Purpose::kLane);
    // The key of another, and a session that is none.
    EXPECT_EQ(meet(server, {Purpose::kLane, secret, {5, LaneKey{}}}).client.status().code(), Code::kPermission);
    EXPECT_EQ(meet(server, {Purpose::kLane, secret, {6, some_key()}}).client.status().code(), Code::kUnavailable);
  }
}

TEST(HandshakeTest, aWrongSecretIsRefusedAndBothKnowWhy) {
  Server server(host("a secret of the tests"));
  const Outcome wrong = meet(server, {Purpose::kControl, "another secret", {}});
  EXPECT_EQ(wrong.client.status().code(), Code::kPermission);
  EXPECT_EQ(wrong.server.code(), Code::kPermission);
  const Outcome missing = meet(server, {Purpose::kControl, "", {}});
  EXPECT_EQ(missing.client.status().code(), Code::kPermission);
  EXPECT_FALSE(missing.server.ok());
  EXPECT_EQ(meet(server, {Purpose::kLane, "another secret", {5, some_key()}}).client.status().code(),
            Code::kPermission);
}

TEST(HandshakeTest, aVolumeWithoutTheSecretIsNotBelieved) {
  Server server(host(""));
  EXPECT_EQ(meet(server, {Purpose::kControl, "a secret", {}}).client.status().code(), Code::kPermission);
}

TEST(HandshakeTest, whatTheHostRefusesReachesTheClient) {
  HandshakeHost full = host("");
  full.open_session = [] {
    return Result<SessionGrant>(Status::error(Code::kNoSpace, "the volume has 4096 clients already", 11));
  };
  Server server(full);
  const Outcome outcome = meet(server, {});
  EXPECT_EQ(outcome.client.status().code(), Code::kNoSpace);
  EXPECT_EQ(outcome.client.status().system_code(), 11);
  EXPECT_NE(outcome.client.status().message().find("4096 clients"), std::string::npos);
  EXPECT_EQ(outcome.server.code(), Code::kNoSpace);
}

TEST(HandshakeTest, bytesMayArriveOneByOne) {
  FakeSocketCalls calls;
  calls.make_short(1);
  calls.interrupt();
  Server server(host("a secret of the tests"), 1);
  EXPECT_TRUE(meet(server, {Purpose::kControl, "a secret of the tests", {}}, calls).client.ok());
}

TEST(HandshakeTest, everyFailureOfAClientsCallEndsTheHandshake) {
  for (uint64_t step = 1; step < 200; ++step) {
    FakeSocketCalls calls;
    calls.fail_at(step, ECONNRESET);
    Server server(host(""));
    const Outcome outcome = meet(server, {}, calls);
    if (!calls.failed()) break;
    EXPECT_EQ(outcome.client.status().code(), Code::kUnavailable) << calls.last_failure();
  }
}

// Feeds a server bytes, and returns what it says of them.
Result<bool> feed(ServerHandshake& server, std::span<const std::byte> bytes, std::vector<std::byte>& output) {
  const std::span<std::byte> room = server.room();
  std::memcpy(room.data(), bytes.data(), bytes.size());
  return server.arrived(bytes.size(), output);
}

std::vector<std::byte> hello(uint16_t lowest, uint16_t highest, uint8_t purpose, uint64_t session,
                             size_t more_bytes = 0) {
  std::vector<std::byte> bytes;
  FrameWriter frame(bytes, static_cast<uint16_t>(HandshakeFrame::kHello), 0);
  Encoder out(bytes);
  out.u32(0x4C444E57);
  out.u16(lowest);
  out.u16(highest);
  out.u8(purpose);
  out.u64(session);
  out.raw(std::vector<std::byte>(sizeof(HandshakeNonce) + more_bytes));
  EXPECT_TRUE(frame.finish().ok());
  return bytes;
}

TEST(HandshakeTest, theServerPicksAProtocolThatBothKnow) {
  const HandshakeHost plain = host("");
  std::vector<std::byte> output;
  ServerHandshake newer(plain);
  // A later client, which also says more than this server understands.
  EXPECT_FALSE(feed(newer, hello(1, 9, 1, 0, 100), output).value());
  EXPECT_EQ(newer.protocol(), kHighestProtocol);
  output.clear();
  ServerHandshake apart(plain);
  EXPECT_EQ(feed(apart, hello(2, 9, 1, 0), output).status().code(), Code::kVersion);
  const Frame refusal{parse_frame_header(std::span(output).first(kFrameHeaderBytes), 10000).value(),
                      std::span<const std::byte>(output).subspan(kFrameHeaderBytes)};
  EXPECT_EQ(refusal.header.type, static_cast<uint16_t>(HandshakeFrame::kRefused));
  Decoder in(refusal.payload);
  EXPECT_EQ(decode_status(in).code(), Code::kVersion);
  // Whatever it says now, it stays refused.
  EXPECT_FALSE(feed(apart, hello(1, 1, 1, 0), output).ok());
}

TEST(HandshakeTest, malformedGreetingsAreRefused) {
  const HandshakeHost plain = host("");
  const auto refused = [&](std::vector<std::byte> bytes) {
    std::vector<std::byte> output;
    ServerHandshake server(plain);
    return feed(server, bytes, output).status().code();
  };
  EXPECT_EQ(refused(hello(1, 1, 3, 0)), Code::kCorrupt);
  EXPECT_EQ(refused(hello(1, 1, 0, 0)), Code::kCorrupt);
  EXPECT_EQ(refused(hello(1, 1, 1, 5)), Code::kCorrupt);
  EXPECT_EQ(refused(hello(2, 1, 1, 0)), Code::kCorrupt);
  std::vector<std::byte> other_magic = hello(1, 1, 1, 0);
  other_magic[kFrameHeaderBytes] = std::byte{'X'};
  EXPECT_EQ(refused(other_magic), Code::kCorrupt);
  std::vector<std::byte> other_type = hello(1, 1, 1, 0);
  other_type[4] = std::byte{3};
  EXPECT_EQ(refused(other_type), Code::kCorrupt);
  std::vector<std::byte> brief;
  FrameWriter frame(brief, 1, 0);
  ASSERT_TRUE(frame.finish().ok());
  EXPECT_EQ(refused(brief), Code::kCorrupt);
  const FrameHeaderBytes large = frame_header_bytes({1, 0, kMaxHandshakeBytes + 1, 0});
  EXPECT_EQ(refused({large.begin(), large.end()}), Code::kCorrupt);
}

TEST(HandshakeTest, aClientTakesNoNonsenseFromAServer) {
  const auto answered = [](uint16_t type, const std::vector<std::byte>& payload) {
    StreamPair pair;
    std::vector<std::byte> bytes;
    FrameWriter frame(bytes, type, 0);
    Encoder(bytes).raw(payload);
    EXPECT_TRUE(frame.finish().ok());
    EXPECT_TRUE(pair.other.send_all(bytes, soon()).ok());
    return shake_hands(pair.one, {}, Deadline::after(std::chrono::milliseconds(200))).status().code();
  };
  EXPECT_EQ(answered(9, {}), Code::kCorrupt);
  EXPECT_EQ(answered(2, {}), Code::kCorrupt);
  EXPECT_EQ(answered(5, std::vector<std::byte>(3)), Code::kCorrupt);
  EXPECT_EQ(answered(5, std::vector<std::byte>(4)), Code::kCorrupt);  // refused with OK
  std::vector<std::byte> challenge;
  Encoder out(challenge);
  out.u16(9);
  out.boolean(false);
  out.raw(std::vector<std::byte>(sizeof(HandshakeNonce)));
  EXPECT_EQ(answered(2, challenge), Code::kVersion);
  challenge[0] = std::byte{1};
  EXPECT_EQ(answered(2, challenge), Code::kTimeout);  // and then says nothing more
}

TEST(HandshakeTest, aServerThatProvesNothingIsNotBelieved) {
  StreamPair pair;
  std::vector<std::byte> bytes;
  FrameWriter challenge(bytes, 2, 0);
  Encoder out(bytes);
  out.u16(1);
  out.boolean(true);
  out.raw(std::vector<std::byte>(sizeof(HandshakeNonce)));
  ASSERT_TRUE(challenge.finish().ok());
  FrameWriter welcome(bytes, 4, 0);
  out.raw(std::vector<std::byte>(sizeof(Digest)));
  out.u64(5);
  out.raw(some_key());
  out.u64(1);
  out.u64(2);
  out.string("");
  ASSERT_TRUE(welcome.finish().ok());
  ASSERT_TRUE(pair.other.send_all(bytes, soon()).ok());
  EXPECT_EQ(shake_hands(pair.one, {Purpose::kControl, "a secret", {}}, soon()).status().code(), Code::kPermission);
}

TEST(HandshakeTest, aHostIsAlwaysTheSame) {
  EXPECT_EQ(host_id(), host_id());
  EXPECT_NE(fresh_lane_key().value(), fresh_lane_key().value());
}

}  // namespace
}  // namespace windlass
