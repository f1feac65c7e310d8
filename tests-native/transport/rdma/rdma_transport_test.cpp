#include "transport/rdma/rdma_transport.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

using test::open_transport;
using test::pattern;
using test::RdmaVolume;
using test::soon;

constexpr uint64_t kSegment = 7;
constexpr uint64_t kBytes = 24 * kMiB;

RemoteRange range_of(uint64_t offset, uint64_t bytes) { return {1, kSegment, offset, bytes}; }

TEST(RdmaTransportTest, bytesOfAnySizeAndPlaceGoThereAndBack) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, kBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  ASSERT_NE(transport, nullptr);
  EXPECT_EQ(transport->kind(), TransportKind::kRdma);
  for (const uint64_t bytes : {1UL, 63UL, 4097UL, 65'536UL, 65'537UL, 1'048'577UL, 20'000'003UL}) {
    const std::vector<std::byte> value = pattern(bytes + 3, bytes);
    const WriteMove out{value.data() + 3, range_of(5, bytes)};
    ASSERT_TRUE(transport->write({&out, 1}, soon()).ok()) << bytes;
    EXPECT_TRUE(std::equal(value.begin() + 3, value.end(), volume.segment(kSegment).begin() + 5)) << bytes;
    std::vector<std::byte> got(bytes + 1);
    const ReadMove in{got.data() + 1, range_of(5, bytes)};
    ASSERT_TRUE(transport->read({&in, 1}, soon()).ok()) << bytes;
    EXPECT_TRUE(std::equal(value.begin() + 3, value.end(), got.begin() + 1)) << bytes;
  }
  EXPECT_EQ(volume.connects, 1U);
  EXPECT_EQ(volume.disconnects, 0U);
}

TEST(RdmaTransportTest, manySmallOnesGoAtOnceAndEachToItsPlace) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, kBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  const std::vector<std::byte> value = pattern(1000 * 97, 1);
  std::vector<WriteMove> moves;
  for (uint64_t at = 0; at < 1000; ++at) moves.push_back({value.data() + at * 97, range_of(at * 128, 97)});
  ASSERT_TRUE(transport->write(moves, soon()).ok());
  for (uint64_t at = 0; at < 1000; ++at) {
    ASSERT_TRUE(std::equal(value.begin() + static_cast<int64_t>(at * 97),
                           value.begin() + static_cast<int64_t>(at * 97 + 97),
                           volume.segment(kSegment).begin() + static_cast<int64_t>(at * 128)))
        << at;
  }
}

TEST(RdmaTransportTest, aQueuePairThatBreaksIsMadeAnewAndTheTransferIsTriedAgain) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, kBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  const std::vector<std::byte> value = pattern(3 * kMiB, 2);
  volume.peer().disconnect(1);  // its other end is gone, and nobody has told it
  const WriteMove out{value.data(), range_of(0, value.size())};
  const Status written = transport->write({&out, 1}, soon());
  ASSERT_TRUE(written.ok()) << written.to_string();
  EXPECT_TRUE(std::equal(value.begin(), value.end(), volume.segment(kSegment).begin()));
  EXPECT_EQ(volume.connects, 2U);
  EXPECT_EQ(volume.disconnects, 1U);
}

TEST(RdmaTransportTest, anEndThatIsClosedIsANamedError) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, kBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  std::vector<std::byte> value = pattern(1000, 2);
  const ReadMove in{value.data(), range_of(0, value.size())};
  ASSERT_TRUE(transport->read({&in, 1}, soon()).ok());
  volume.close();
  const Status failed = transport->read({&in, 1}, soon());
  EXPECT_FALSE(failed.ok());
  EXPECT_TRUE(failed.code() == Code::kState || failed.code() == Code::kUnavailable) << failed.to_string();
}

TEST(RdmaTransportTest, aSegmentThatIsGoneIsRefusedByTheDeviceAndAsErrorNotAsSilence) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, kBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  std::vector<std::byte> value = pattern(1000, 2);
  const WriteMove out{value.data(), range_of(0, value.size())};
  ASSERT_TRUE(transport->write({&out, 1}, soon()).ok());
  volume.remove(kSegment);
  volume.peer().drop_stale();  // the client still has the old key
  const Status failed = transport->write({&out, 1}, soon());
  EXPECT_EQ(failed.code(), Code::kNotFound) << failed.to_string();
  EXPECT_EQ(volume.disconnects, 1U);
}

TEST(RdmaTransportTest, aRangeOutsideTheSegmentIsNoTransfer) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, 4096);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  std::vector<std::byte> value(100);
  const ReadMove in{value.data(), range_of(4090, 100)};
  EXPECT_EQ(transport->read({&in, 1}, soon()).code(), Code::kInvalidArgument);
}

TEST(RdmaTransportTest, manyThreadsShareAFewQueuePairs) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, kBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t round = 0; round < 5; ++round) {
        const std::vector<std::byte> value = pattern(200'000, thread * 100 + round);
        const WriteMove out{value.data(), range_of(thread * kMiB, value.size())};
        EXPECT_TRUE(transport->write({&out, 1}, soon()).ok());
        std::vector<std::byte> got(value.size());
        const ReadMove in{got.data(), range_of(thread * kMiB, got.size())};
        EXPECT_TRUE(transport->read({&in, 1}, soon()).ok());
        EXPECT_EQ(got, value);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(volume.connects, 4U);
}

TEST(RdmaTransportTest, nothingIsMapped) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(kSegment, 4096);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  EXPECT_EQ(transport->map(range_of(0, 10), MapFor::kReading, false, soon()).status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace windlass
