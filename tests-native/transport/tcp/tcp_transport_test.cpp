#include "transport/tcp/tcp_transport.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "fake/fake_lane_volume.hpp"
#include "fake/fake_socket_calls.hpp"
#include "support/pattern.hpp"
#include "support/soon.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

using fake::FakeLaneVolume;
using fake::FakeSocketCalls;
using test::pattern;

using test::soon;

std::unique_ptr<Transport> open(FakeLaneVolume& volume, uint32_t lanes) {
  return open_lane_transport(volume.route(), {.lanes = lanes, .calls = nullptr}).value();
}

TEST(TcpTransportTest, whatIsWrittenIsReadBackThroughOneLaneAndMany) {
  FakeLaneVolume volume({.bytes = 40 * kMiB + 17, .secret = "a secret of the tests", .loops = 2});
  for (const uint32_t lanes : {1U, 3U, 8U}) {
    const std::unique_ptr<Transport> transport = open(volume, lanes);
    const uint64_t bytes = volume.memory().size();
    const std::vector<std::byte> source = pattern(bytes, lanes);
    const WriteMove write{source.data(), volume.writable(0, bytes)};
    ASSERT_EQ(transport->write({&write, 1}, soon()).to_string(), "OK");
    EXPECT_EQ(volume.memory(), source);
    EXPECT_EQ(volume.finished_bytes() % bytes, 0U);
    std::vector<std::byte> target(bytes);
    const ReadMove read{target.data(), volume.readable(0, bytes)};
    ASSERT_EQ(transport->read({&read, 1}, soon()).to_string(), "OK");
    EXPECT_EQ(target, source);
  }
}

TEST(TcpTransportTest, manySmallPiecesMoveInOneCall) {
  FakeLaneVolume volume({.bytes = 4 * kMiB});
  const std::unique_ptr<Transport> transport = open(volume, 2);
  const std::vector<std::byte> source = pattern(volume.memory().size(), 7);
  std::vector<std::byte> target(source.size());
  std::vector<WriteMove> writes;
  std::vector<ReadMove> reads;
  std::mt19937_64 random(5);
  for (uint64_t at = 0; at < source.size();) {
    const uint64_t bytes = std::min<uint64_t>(random() % 5 == 0 ? 0 : random() % 2000, source.size() - at);
    writes.push_back({source.data() + at, volume.writable(at, bytes)});
    reads.push_back({target.data() + at, volume.readable(at, bytes)});
    at += bytes;
  }
  ASSERT_EQ(transport->write(writes, soon()).to_string(), "OK");
  EXPECT_EQ(volume.memory(), source);
  EXPECT_EQ(volume.finished_bytes(), source.size());
  ASSERT_EQ(transport->read(reads, soon()).to_string(), "OK");
  EXPECT_EQ(target, source);
}

TEST(TcpTransportTest, whatIsEmptyNeedsNoLane) {
  FakeLaneVolume volume;
  const std::unique_ptr<Transport> transport = open(volume, 2);
  const WriteMove nothing{nullptr, {}};
  EXPECT_TRUE(transport->write({}, soon()).ok());
  EXPECT_TRUE(transport->write({&nothing, 1}, soon()).ok());
  EXPECT_TRUE(transport->read({}, soon()).ok());
  EXPECT_EQ(volume.server().counts().opened, 0U);
}

TEST(TcpTransportTest, itMapsNothingAndSaysWhatToDo) {
  FakeLaneVolume volume;
  const std::unique_ptr<Transport> transport = open(volume, 2);
  EXPECT_EQ(transport->kind(), TransportKind::kTcp);
  EXPECT_EQ(transport->map(volume.readable(0, 1), MapFor::kReading, true, soon()).status().code(), Code::kUnsupported);
  EXPECT_EQ(open_lane_transport(volume.route(), {.lanes = 65, .calls = nullptr}).status().code(),
            Code::kInvalidArgument);
}

TEST(TcpTransportTest, whatTheVolumeRefusesFailsTheCallAndNotTheNext) {
  FakeLaneVolume volume({.bytes = 20 * kMiB});
  const std::unique_ptr<Transport> transport = open(volume, 4);
  std::vector<std::byte> memory(volume.memory().size());
  for (int round = 0; round < 3; ++round) {
    const WriteMove foreign{memory.data(), volume.readable(0, memory.size())};
    EXPECT_EQ(transport->write({&foreign, 1}, soon()).code(), Code::kInvalidArgument);
    const ReadMove outside{memory.data(), volume.readable(1, memory.size())};
    EXPECT_EQ(transport->read({&outside, 1}, soon()).code(), Code::kInvalidArgument);
  }
  const ReadMove read{memory.data(), volume.readable(0, memory.size())};
  EXPECT_EQ(transport->read({&read, 1}, soon()).to_string(), "OK");
  EXPECT_LE(volume.server().counts().opened, 4U);
}

TEST(TcpTransportTest, aSessionThatEndedIsUnavailable) {
  FakeLaneVolume volume;
  const std::unique_ptr<Transport> transport = open(volume, 2);
  std::vector<std::byte> memory(100);
  const ReadMove read{memory.data(), volume.readable(0, memory.size())};
  ASSERT_TRUE(transport->read({&read, 1}, soon()).ok());
  volume.end_session();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(transport->read({&read, 1}, soon()).code(), Code::kUnavailable);
  }
}

TEST(TcpTransportTest, aVolumeThatHangsEndsInATimeout) {
  const Listener silent = Listener::open(parse_address("tcp://127.0.0.1:0").value()).value();
  const std::unique_ptr<Transport> transport =
      open_lane_transport({silent.address(), "", {}}, {.lanes = 2, .calls = nullptr}).value();
  std::vector<std::byte> memory(100);
  const ReadMove read{memory.data(), {1, 1, 0, 100}};
  EXPECT_EQ(transport->read({&read, 1}, Deadline::after(std::chrono::milliseconds(50))).code(), Code::kTimeout);
}

TEST(TcpTransportTest, anExpiredTransferLeavesLanesThatAreMadeAnew) {
  FakeLaneVolume volume({.bytes = 32 * kMiB});
  const std::unique_ptr<Transport> transport = open(volume, 2);
  const std::vector<std::byte> source = pattern(volume.memory().size(), 3);
  const WriteMove write{source.data(), volume.writable(0, source.size())};
  const RemoteRange small = volume.writable(0, 1);
  const WriteMove first{source.data(), small};
  ASSERT_TRUE(transport->write({&first, 1}, soon()).ok());
  EXPECT_EQ(transport->write({&write, 1}, Deadline::after(std::chrono::nanoseconds(1))).code(), Code::kTimeout);
  ASSERT_EQ(transport->write({&write, 1}, soon()).to_string(), "OK");
  EXPECT_EQ(volume.memory(), source);
}

// Goal: whichever call of the client fails, the call says so or succeeds, and the next one works.
TEST(TcpTransportTest, aFailureOfAnyCallHarmsOnlyItsOwnTransfer) {
  FakeLaneVolume volume({.bytes = 9 * kMiB});
  const std::vector<std::byte> source = pattern(volume.memory().size(), 4);
  uint64_t failures = 0;
  for (uint64_t step = 1; step < 2000; step += 1 + step / 20) {
    FakeSocketCalls calls;
    const std::unique_ptr<Transport> transport =
        open_lane_transport(volume.route(), {.lanes = 2, .calls = &calls}).value();
    std::vector<std::byte> target(source.size());
    const WriteMove write{source.data(), volume.writable(0, source.size())};
    const ReadMove read{target.data(), volume.readable(0, target.size())};
    calls.fail_at(step, ECONNRESET);
    const Status written = transport->write({&write, 1}, soon());
    const Status got = written.ok() ? transport->read({&read, 1}, soon()) : written;
    const bool reached = calls.failed();
    calls.forgive();
    if (!got.ok()) ++failures;
    ASSERT_EQ(transport->write({&write, 1}, soon()).to_string(), "OK") << calls.last_failure();
    ASSERT_EQ(transport->read({&read, 1}, soon()).to_string(), "OK") << calls.last_failure();
    ASSERT_EQ(target, source);
    if (!reached) break;
  }
  EXPECT_GE(failures, 10U);
}

TEST(TcpTransportTest, manyThreadsShareTheLanes) {
  constexpr size_t kThreads = 8;
  constexpr uint64_t kShare = 3 * kMiB;
  FakeLaneVolume volume({.bytes = kThreads * kShare, .loops = 2});
  const std::unique_ptr<Transport> transport = open(volume, 3);
  std::vector<std::thread> threads;
  for (size_t at = 0; at < kThreads; ++at) {
    threads.emplace_back([&, at] {
      for (uint64_t round = 0; round < 3; ++round) {
        const std::vector<std::byte> source = pattern(kShare, at * 100 + round);
        std::vector<std::byte> target(kShare);
        const WriteMove write{source.data(), volume.writable(at * kShare, kShare)};
        const ReadMove read{target.data(), volume.readable(at * kShare, kShare)};
        ASSERT_EQ(transport->write({&write, 1}, soon()).to_string(), "OK");
        ASSERT_EQ(transport->read({&read, 1}, soon()).to_string(), "OK");
        ASSERT_EQ(target, source);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(volume.server().counts().opened, 3U);
}

TEST(TcpTransportTest, lanesGoOverUnixSocketsToo) {
  const test::TemporaryDirectory folder;
  FakeLaneVolume volume({.bytes = kMiB, .address = "shm://" + folder.path() + "/s"});
  const std::unique_ptr<Transport> transport = open(volume, 2);
  const std::vector<std::byte> source = pattern(kMiB, 3);
  const WriteMove write{source.data(), volume.writable(0, source.size())};
  ASSERT_EQ(transport->write({&write, 1}, soon()).to_string(), "OK");
  EXPECT_EQ(volume.memory(), source);
}

}  // namespace
}  // namespace windlass
