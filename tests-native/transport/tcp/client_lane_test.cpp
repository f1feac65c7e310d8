#include "transport/tcp/client_lane.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <thread>
#include <vector>

#include "fake/fake_lane_volume.hpp"
#include "fake/fake_socket_calls.hpp"
#include "fake/stream_pair.hpp"
#include "support/pattern.hpp"
#include "support/soon.hpp"

namespace windlass {
namespace {

using fake::FakeLaneVolume;
using fake::FakeSocketCalls;
using fake::StreamPair;
using test::pattern;

using test::soon;

// Goes on until the lane is done.
Status finish(ClientLane& lane, SocketCalls& calls = SocketCalls::system()) {
  const Deadline deadline = soon();
  while (!deadline.expired()) {
    Result<bool> done = lane.go_on();
    if (!done.ok()) return done.status();
    if (*done) return lane.refusal();
    pollfd asked{lane.descriptor(), lane.wanted_events(), 0};
    calls.poll(std::span(&asked, 1), deadline.remaining_ms());
  }
  return Status::error(Code::kTimeout, "the lane did not end");
}

TEST(ClientLaneTest, itWritesAndReadsOverOneConnection) {
  FakeLaneVolume volume({.bytes = 3 * kMiB});
  const std::unique_ptr<ClientLane> lane = ClientLane::open(volume.route(), soon(), SocketCalls::system()).value();
  EXPECT_TRUE(lane->usable());
  const std::vector<std::byte> source = pattern(3 * kMiB, 1);
  const WriteMove write{source.data(), volume.writable(0, source.size())};
  SliceSource writes({&write, 1}, 1);
  lane->begin(writes, soon());
  EXPECT_FALSE(lane->usable());
  ASSERT_EQ(finish(*lane).to_string(), "OK");
  EXPECT_EQ(volume.memory(), source);
  std::vector<std::byte> target(source.size());
  const ReadMove read{target.data(), volume.readable(0, target.size())};
  SliceSource reads({&read, 1}, 1);
  lane->begin(reads, soon());
  ASSERT_EQ(finish(*lane).to_string(), "OK");
  EXPECT_EQ(target, source);
  EXPECT_TRUE(lane->usable());
}

TEST(ClientLaneTest, aRefusalLeavesTheLaneUsable) {
  FakeLaneVolume volume({.bytes = 5 * kMiB});
  const std::unique_ptr<ClientLane> lane = ClientLane::open(volume.route(), soon(), SocketCalls::system()).value();
  std::vector<std::byte> memory(volume.memory().size());
  const WriteMove write{memory.data(), volume.readable(0, memory.size())};
  SliceSource writes({&write, 1}, 1);
  lane->begin(writes, soon());
  EXPECT_EQ(finish(*lane).code(), Code::kInvalidArgument);
  EXPECT_TRUE(lane->usable());
  const ReadMove read{memory.data(), volume.writable(0, memory.size())};
  SliceSource reads({&read, 1}, 1);
  lane->begin(reads, soon());
  EXPECT_EQ(finish(*lane).code(), Code::kInvalidArgument);
  EXPECT_TRUE(lane->usable());
  EXPECT_EQ(volume.finished_bytes(), 0U);
}

TEST(ClientLaneTest, aLaneWithoutItsSessionsKeyIsNotLetIn) {
  FakeLaneVolume volume;
  LaneRoute route = volume.route();
  route.grant.lane_key[0] ^= std::byte{1};
  EXPECT_EQ(ClientLane::open(route, soon(), SocketCalls::system()).status().code(), Code::kPermission);
}

// What a server that does not keep to the protocol sends is told, and ends the lane.
TEST(ClientLaneTest, nonsenseFromAServerEndsTheLane) {
  const auto answered = [](const std::function<void(std::vector<std::byte>&)>& answer, bool writing) {
    StreamPair pair;
    std::vector<std::byte> bytes;
    answer(bytes);
    EXPECT_TRUE(pair.other.send_all(bytes, soon()).ok());
    ClientLane lane(std::move(pair.one));
    std::vector<std::byte> memory(10);
    const WriteMove write{memory.data(), {1, 1, 0, 10}};
    const ReadMove read{memory.data(), {1, 1, 0, 10}};
    SliceSource writes({&write, 1}, 1);
    SliceSource reads({&read, 1}, 1);
    lane.begin(writing ? writes : reads, soon());
    const Status ended = finish(lane);
    EXPECT_EQ(lane.usable(), ended.code() == Code::kIo);
    return ended.code();
  };
  using Bytes = std::vector<std::byte>;
  EXPECT_EQ(answered([](Bytes& out) { append_done(out, 1, Status::error(Code::kIo, "refused")); }, true), Code::kIo);
  EXPECT_EQ(answered([](Bytes& out) { append_done(out, 2, Status()); }, true), Code::kCorrupt);
  EXPECT_EQ(answered([](Bytes& out) { append_bytes_head(out, 1, Status(), 10); }, true), Code::kCorrupt);
  EXPECT_EQ(answered([](Bytes& out) { append_bytes_head(out, 1, Status(), 11); }, false), Code::kCorrupt);
  EXPECT_EQ(answered([](Bytes& out) { append_done(out, 1, Status()); }, false), Code::kCorrupt);
  EXPECT_EQ(answered([](Bytes& out) { out.resize(100); }, false), Code::kCorrupt);
  EXPECT_EQ(answered(
                [](Bytes& out) {
                  append_done(out, 1, Status::error(Code::kIo, "x"));
                  out[kFrameHeaderBytes] = std::byte{0};  // a failure that says it is OK
                },
                true),
            Code::kCorrupt);
}

TEST(ClientLaneTest, aBatchThatIsNotDoneInTimeEndsTheLane) {
  FakeLaneVolume volume;
  const std::unique_ptr<ClientLane> lane = ClientLane::open(volume.route(), soon(), SocketCalls::system()).value();
  std::vector<std::byte> memory(100);
  const ReadMove read{memory.data(), volume.readable(0, memory.size())};
  SliceSource reads({&read, 1}, 1);
  lane->begin(reads, Deadline::after(std::chrono::seconds(0)));
  EXPECT_EQ(finish(*lane).code(), Code::kTimeout);
  EXPECT_FALSE(lane->usable());
}

TEST(ClientLaneTest, shortTransfersAndSignalsLoseNothing) {
  FakeLaneVolume volume({.bytes = 600'000});
  FakeSocketCalls calls;
  const std::unique_ptr<ClientLane> lane = ClientLane::open(volume.route(), soon(), calls).value();
  calls.make_short(10'007);
  calls.interrupt();
  const std::vector<std::byte> source = pattern(volume.memory().size(), 2);
  std::vector<WriteMove> writes;
  std::vector<std::byte> target(source.size());
  std::vector<ReadMove> reads;
  for (uint64_t at = 0; at < source.size(); at += 1000) {
    writes.push_back({source.data() + at, volume.writable(at, 1000)});
    reads.push_back({target.data() + at, volume.readable(at, 1000)});
  }
  SliceSource out(writes, 1);
  lane->begin(out, soon());
  ASSERT_EQ(finish(*lane).to_string(), "OK");
  SliceSource in(reads, 1);
  lane->begin(in, soon());
  ASSERT_EQ(finish(*lane).to_string(), "OK");
  EXPECT_EQ(target, source);
}

}  // namespace
}  // namespace windlass
