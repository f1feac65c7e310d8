#include "volume/volume_server.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <set>
#include <thread>

#include "base/log.hpp"
#include "support/child_process.hpp"
#include "support/pattern.hpp"
#include "transport/frame.hpp"
#include "transport/handshake.hpp"
#include "volume/messages.hpp"
#include "volume/replies.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::ChildProcess;
using test::Client;
using test::comes_true;
using test::pattern;
using test::soon;
using test::VolumeWorld;
using test::Way;

ListenOptions impatient() {
  ListenOptions options = VolumeWorld::with_secret();
  options.slow_timeout_ns = 50'000'000;
  return options;
}

Result<Address> address_of(const std::string& uri) { return parse_address(uri); }

// A connection that nobody has greeted.
Stream raw_stream(const std::string& uri) {
  Result<Stream> stream = Stream::connect(*address_of(uri), soon());
  EXPECT_TRUE(stream.ok()) << stream.status().to_string();
  return *std::move(stream);
}

// One that has been greeted, and is used by hand.
Stream greeted_stream(const std::string& uri, std::string_view secret = "") {
  Stream stream = raw_stream(uri);
  Result<Welcome> welcome = shake_hands(stream, {.purpose = Purpose::kControl, .secret = secret, .grant = {}}, soon());
  EXPECT_TRUE(welcome.ok()) << welcome.status().to_string();
  return stream;
}

std::vector<std::byte> frame_of(uint16_t type, std::span<const std::byte> payload, uint16_t flags = 0) {
  std::vector<std::byte> bytes;
  FrameWriter frame(bytes, type, 1, flags);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  EXPECT_TRUE(frame.finish().ok());
  return bytes;
}

bool is_cut_off(Stream& stream) {
  std::array<std::byte, 4096> bytes{};
  while (true) {
    Result<size_t> got = stream.receive_some(bytes, soon());
    if (!got.ok()) return got.status().code() == Code::kUnavailable;
  }
}

// The next warning that says this.
bool is_logged(LogSubscriber& log, std::string_view words) {
  while (true) {
    Result<LogLine> line = log.read(std::chrono::seconds(30));
    if (!line.ok()) return false;
    if (line->message.find(words) != std::string::npos) return true;
  }
}

struct Offence {
  std::string name;
  std::vector<std::byte> bytes;
  std::string words;  // of the log
};
void PrintTo(const Offence& offence, std::ostream* out) { *out << offence.name; }

std::vector<Offence> offences() {
  const auto type = [](Message message) { return static_cast<uint16_t>(message); };
  std::vector<std::byte> garbage = pattern(4096, 3);
  std::vector<std::byte> oversized = frame_of(type(Message::kInfo), {});
  oversized[11] = std::byte{0x7F};
  std::vector<std::byte> reserved = frame_of(type(Message::kInfo), {});
  reserved[12] = std::byte{1};
  const std::vector<std::byte> three(3);
  return {
      {"garbage", garbage, "cut off"},
      {"oversized", oversized, "announces"},
      {"reserved", reserved, "reserved"},
      {"unknownType", frame_of(0x0777, {}), "no request"},
      {"unknownFlags", frame_of(type(Message::kInfo), {}, 0x8000), "flags"},
      {"aReply", frame_of(type(Message::kInfo) | kReplyBit, {}), "no request"},
      {"shortPayload", frame_of(type(Message::kPrepare), three), "PREPARE"},
      {"longPayload", frame_of(type(Message::kInfo), three), "too many"},
  };
}

class OffenceTest : public testing::TestWithParam<Offence> {};

INSTANTIATE_TEST_SUITE_P(All, OffenceTest, testing::ValuesIn(offences()),
                         [](const testing::TestParamInfo<Offence>& offence) { return offence.param.name; });

TEST_P(OffenceTest, whoBreaksTheProtocolIsCutOffAndNobodyElseNotices) {
  VolumeWorld world;
  const Client other = world.client(Way::kShm);
  const auto log = *LogSubscriber::open(LogLevel::kWarning, 64);
  for (const bool tcp : {false, true}) {
    Stream stream = tcp ? greeted_stream(world.tcp_uri(), test::kSecret) : greeted_stream(world.unix_uri());
    ASSERT_TRUE(stream.send_all(GetParam().bytes, soon()).ok());
    EXPECT_TRUE(is_cut_off(stream));
    EXPECT_TRUE(is_logged(*log, GetParam().words));
    EXPECT_TRUE(other.put({{"a", pattern(100, 1), {}}}).ok());
  }
  EXPECT_TRUE(comes_true([&] { return world.server().counts().clients == 1; }));
  EXPECT_EQ(world.server().counts().cut_off, 2U);
  EXPECT_EQ(other.info().sessions, 1U);
}

TEST(VolumeServerTest, garbageInsteadOfAGreetingIsRefused) {
  VolumeWorld world;
  for (const std::string& uri : {world.unix_uri(), world.tcp_uri()}) {
    Stream stream = raw_stream(uri);
    ASSERT_TRUE(stream.send_all(pattern(100, 1), soon()).ok());
    EXPECT_TRUE(is_cut_off(stream));
  }
  EXPECT_TRUE(comes_true([&] { return world.server().counts().clients == 0; }));
  EXPECT_EQ(world.server().counts().refused, 2U);
}

TEST(VolumeServerTest, aFrameThatDoesNotEndIsCutOff) {
  VolumeWorld world(VolumeWorld::small(), impatient());
  const auto log = *LogSubscriber::open(LogLevel::kWarning, 64);
  Stream stream = greeted_stream(world.unix_uri());
  const std::vector<std::byte> frame = frame_of(static_cast<uint16_t>(Message::kPrepare), pattern(1000, 1));
  ASSERT_TRUE(stream.send_all(std::span(frame).first(500), soon()).ok());
  EXPECT_TRUE(is_cut_off(stream));
  EXPECT_TRUE(is_logged(*log, "began a frame and does not end it"));
}

TEST(VolumeServerTest, anIdleClientIsNotCutOff) {
  VolumeWorld world(VolumeWorld::small(), impatient());
  const Client idle = world.client(Way::kShm);
  Stream stream = greeted_stream(world.unix_uri());
  const std::vector<std::byte> half = frame_of(static_cast<uint16_t>(Message::kInfo), {});
  ASSERT_TRUE(stream.send_all(std::span(half).first(10), soon()).ok());
  EXPECT_TRUE(is_cut_off(stream));  // by then the other has been idle for as long
  EXPECT_EQ(idle.info().sessions, 1U);
}

TEST(VolumeServerTest, aClientThatDoesNotReadItsAnswersIsCutOff) {
  VolumeWorld world(VolumeWorld::small(), impatient());
  const auto log = *LogSubscriber::open(LogLevel::kWarning, 64);
  const Client other = world.client(Way::kShm);
  std::vector<test::PutValue> values;
  for (uint64_t at = 0; at < 1000; ++at) values.push_back({text(std::string(1000, 'k'), at), {}, {}});
  ASSERT_TRUE(other.put(values).ok());
  Stream stream = greeted_stream(world.unix_uri());
  std::vector<std::byte> payload;
  Encoder out(payload);
  encode_keys({.prefix = "", .by_component = false, .after = "", .limit = 0}, out);
  const std::vector<std::byte> frame = frame_of(static_cast<uint16_t>(Message::kKeys), payload);
  // It asks as often as it is heard, and reads nothing.
  while (stream.send_all(frame, Deadline::after(std::chrono::milliseconds(500))).ok()) {
  }
  EXPECT_TRUE(is_logged(*log, "does not take what it is told"));
  EXPECT_EQ(other.info().entries, 1000U);
}

TEST(VolumeServerTest, theWrongSecretOrNoneIsRefused) {
  VolumeWorld world;
  ConnectOptions options = world.options(Way::kTcp);
  options.secret = "another secret, also long";
  EXPECT_EQ(connect_volume(world.tcp_uri(), options).status().code(), Code::kPermission);
  options.secret = "";
  EXPECT_EQ(connect_volume(world.tcp_uri(), options).status().code(), Code::kPermission);
  EXPECT_TRUE(world.connect(Way::kTcp).ok());
  EXPECT_EQ(world.server().counts().admitted, 1U);
}

TEST(VolumeServerTest, addressesThatWouldNotDoAreRefused) {
  VolumeWorld world;
  EXPECT_EQ(world.server().listen("tcp://0.0.0.0:0", {}).status().code(), Code::kPermission);
  EXPECT_EQ(world.server().listen("tcp://[::]:0", {}).status().code(), Code::kPermission);
  EXPECT_EQ(world.server().listen("ftp://here", {}).status().code(), Code::kInvalidArgument);
  ListenOptions short_secret;
  short_secret.secret = "short";
  EXPECT_EQ(world.server().listen("tcp://127.0.0.1:0", short_secret).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(world.server().listen(world.unix_uri(), {}).status().code(), Code::kState);
  EXPECT_TRUE(world.server().listen("tcp://0.0.0.0:0", VolumeWorld::with_secret()).ok());
  world.server().close();
  EXPECT_EQ(world.server().listen("tcp://127.0.0.1:0", {}).status().code(), Code::kState);
}

TEST(VolumeServerTest, noMoreClientsThanAllowedAreLetIn) {
  ListenOptions few = VolumeWorld::with_secret();
  few.most_clients = 2;
  VolumeWorld world(VolumeWorld::small(), few);
  std::optional<VolumeConnection> first = *world.connect(Way::kShm);
  const Result<VolumeConnection> second = world.connect(Way::kShm);
  ASSERT_TRUE(second.ok());
  const Result<VolumeConnection> third = world.connect(Way::kShm);
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.status().code(), Code::kUnavailable);
  first.reset();
  EXPECT_TRUE(comes_true([&] { return world.connect(Way::kShm).ok(); }));
}

TEST(VolumeServerTest, aKilledClientLeavesNothingBehind) {
  for (const bool tcp : {false, true}) {
    VolumeWorld world;
    const Client other = world.client(Way::kLocal);
    ASSERT_TRUE(other.put({{"a", pattern(100'000, 1), {}}}).ok());
    const uint64_t used_before = other.info().used_bytes;
    ChildProcess child({WINDLASS_VOLUME_PROGRAM, tcp ? world.tcp_uri() : world.unix_uri(), tcp ? "tcp" : "shm", "a"});
    ASSERT_EQ(child.read_line(), "ready");
    EXPECT_EQ(other.info().leases, 1U);
    EXPECT_EQ(other.info().prepared_slots, 1U);
    ASSERT_TRUE(other.put({{"a", pattern(100'000, 2), {}}}).ok());
    child.kill();
    EXPECT_TRUE(comes_true([&] { return other.info().leases == 0 && other.info().prepared_slots == 0; })) << tcp;
    EXPECT_TRUE(comes_true([&] { return world.server().counts().orphans == 0; }));
    EXPECT_EQ(other.info().orphaned_slots, 0U);
    EXPECT_EQ(other.info().used_bytes, used_before);
    EXPECT_EQ(*other.get("a"), pattern(100'000, 2));
  }
}

TEST(VolumeServerTest, whatALostClientHasMappedIsKeptUntilItsProcessHasEnded) {
  VolumeWorld world;
  const Client other = world.client(Way::kLocal);
  ASSERT_TRUE(other.put({{"a", pattern(100'000, 1), {}}}).ok());
  ChildProcess child({WINDLASS_VOLUME_PROGRAM, world.unix_uri(), "shm", "a"});
  ASSERT_EQ(child.read_line(), "ready");
  child.write_line("cut");
  ASSERT_EQ(child.read_line(), "cut");
  EXPECT_TRUE(comes_true([&] { return world.server().counts().orphans == 1; }));
  EXPECT_EQ(other.info().orphaned_slots, 2U);
  child.end_input();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(comes_true([&] { return world.server().counts().orphans == 0; }));
  EXPECT_TRUE(comes_true([&] { return other.info().prepared_slots == 0 && other.info().orphaned_slots == 0; }));
}

TEST(VolumeServerTest, twoHundredClientsAtOnce) {
  VolumeWorld world;
  constexpr size_t kClients = 200;
  std::vector<std::thread> threads;
  std::atomic<size_t> right{0};
  for (size_t at = 0; at < kClients; ++at) {
    threads.emplace_back([&, at] {
      const Client one = world.client(at % 2 == 0 ? Way::kShm : Way::kTcp);
      const std::string key = text("client/", at);
      const std::vector<std::byte> value = pattern(10'000 + at, at);
      bool well = true;
      for (int round = 0; round < 5; ++round) {
        well = well && one.put({{key, value, {}}}).ok();
        const Result<std::vector<std::byte>> got = one.get(key);
        well = well && got.ok() && *got == value;
      }
      if (well) ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right.load(), kClients);
  EXPECT_TRUE(comes_true([&] { return world.server().counts().clients == 0; }));
  EXPECT_EQ(world.volume().info().entries, kClients);
  EXPECT_EQ(world.volume().info().sessions, 0U);
  EXPECT_EQ(world.volume().info().leases, 0U);
  EXPECT_EQ(world.volume().info().prepared_slots, 0U);
}

TEST(VolumeServerTest, itsSocketFileGoesWithIt) {
  std::string path;
  {
    VolumeWorld world;
    path = address_of(world.unix_uri())->path;
    EXPECT_TRUE(std::filesystem::exists(path));
    world.server().close();
    EXPECT_FALSE(std::filesystem::exists(path));
    world.server().close();
  }
}

}  // namespace
}  // namespace windlass
