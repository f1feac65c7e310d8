#include "transport/tcp/slice_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace windlass {
namespace {

// Addresses that nobody touches: only their arithmetic counts.
std::byte* at(uint64_t offset) { return reinterpret_cast<std::byte*>(0x10000000 + offset); }

TEST(SliceSourceTest, everyByteIsTakenOnceWithinTheLimitsOfAFrame) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<ReadMove> moves;
    uint64_t total = 0;
    const uint64_t most = round % 2 == 0 ? 5000 : 9 * kMiB;
    for (int count = 0; count < 600 / (round % 2 * 50 + 1); ++count) {
      const uint64_t bytes = random() % 5 == 0 ? 0 : random() % most;
      moves.push_back({at(total), {1, 2, total, bytes}});
      total += bytes;
    }
    SliceSource source(std::span<const ReadMove>(moves), 1 + random() % 4);
    EXPECT_FALSE(source.writing());
    SliceBatch batch;
    uint64_t taken = 0;
    while (source.next(batch)) {
      EXPECT_LE(batch.ranges.size(), kMaxSlices);
      EXPECT_LE(batch.bytes, kMaxFrameDataBytes);
      ASSERT_EQ(batch.ranges.size(), batch.parts.size());
      for (size_t slice = 0; slice < batch.ranges.size(); ++slice) {
        EXPECT_EQ(batch.ranges[slice].offset, taken);
        EXPECT_EQ(batch.parts[slice].data(), at(taken));
        EXPECT_EQ(batch.parts[slice].size(), batch.ranges[slice].bytes);
        EXPECT_NE(batch.ranges[slice].bytes, 0U);
        taken += batch.ranges[slice].bytes;
      }
    }
    EXPECT_EQ(taken, total);
    EXPECT_TRUE(source.exhausted());
  }
}

TEST(SliceSourceTest, manyLanesGetSmallerFrames) {
  const ReadMove move{at(0), {1, 2, 0, 16 * kMiB}};
  SliceBatch batch;
  SliceSource alone({&move, 1}, 1);
  ASSERT_TRUE(alone.next(batch));
  EXPECT_EQ(batch.bytes, kMaxFrameDataBytes);
  SliceSource shared({&move, 1}, 4);
  ASSERT_TRUE(shared.next(batch));
  EXPECT_EQ(batch.bytes, 512 * kKiB);
}

TEST(SliceSourceTest, oneThatWasStoppedHasNothingLeft) {
  const std::vector<std::byte> memory(100);
  const WriteMove move{memory.data(), {1, 2, 0, 100}};
  SliceSource source({&move, 1}, 1);
  EXPECT_TRUE(source.writing());
  EXPECT_FALSE(source.exhausted());
  source.stop();
  SliceBatch batch;
  EXPECT_FALSE(source.next(batch));
  EXPECT_TRUE(source.exhausted());
}

}  // namespace
}  // namespace windlass
