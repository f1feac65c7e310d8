#include "codec/chunk_workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

TEST(ChunkWorkersTest, chunkSizesThatFitNoImageAreRefused) {
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{2} * kKiB, uint64_t{4} * kMiB, uint64_t{100000}}) {
    EXPECT_EQ(ChunkWorkers::open({1, bytes}).status().code(), Code::kInvalidArgument) << bytes;
  }
  EXPECT_TRUE(ChunkWorkers::open({1, 4 * kKiB}).ok());
}

TEST(ChunkWorkersTest, noBenchServesTwoAtOnce) {
  const auto workers = ChunkWorkers::open({4, 64 * kKiB}).value();
  ASSERT_TRUE(workers->prepare().ok());
  std::atomic<uint64_t> done = 0;
  const auto use = [&] {
    for (int round = 0; round < 20; ++round) {
      const ChunkWorkers::Shift shift = workers->take_shift();
      Status ran = workers->run(shift, 16, [&](uint64_t index, ChunkWorkers::Bench& bench) {
        // Unguarded on purpose: the thread sanitizer sees two at one bench.
        bench.room[0] = static_cast<std::byte>(index);
        ++done;
        return Status();
      });
      EXPECT_TRUE(ran.ok());
    }
  };
  {
    std::vector<std::jthread> users;
    for (int user = 0; user < 3; ++user) users.emplace_back(use);
  }
  EXPECT_EQ(done, 3U * 20 * 16);
}

TEST(ChunkWorkersTest, aBenchIsFreeAgainAfterAFailure) {
  const auto workers = ChunkWorkers::open({2, 64 * kKiB}).value();
  ASSERT_TRUE(workers->prepare().ok());
  const ChunkWorkers::Shift shift = workers->take_shift();
  for (int round = 0; round < 10; ++round) {
    Status ran = workers->run(shift, 8, [](uint64_t index, ChunkWorkers::Bench& /*bench*/) {
      return index == 3 ? Status::error(Code::kIo, "failed") : Status();
    });
    EXPECT_EQ(ran.code(), Code::kIo);
  }
}

TEST(ChunkWorkersTest, theSetsOfSlotsDoNotOverlap) {
  const auto workers = ChunkWorkers::open({3, 64 * kKiB}).value();
  ASSERT_TRUE(workers->prepare().ok());
  const ChunkWorkers::Shift shift = workers->take_shift();
  const std::span<std::byte> first = workers->slots(shift, 0);
  const std::span<std::byte> second = workers->slots(shift, 1);
  EXPECT_EQ(first.size(), workers->batch_chunks() * workers->slot_bytes());
  EXPECT_EQ(second.size(), first.size());
  EXPECT_EQ(first.data() + first.size(), second.data());
}

TEST(ChunkWorkersTest, withoutMemoryPreparingFailsAndCanBeRepeated) {
  const auto workers = ChunkWorkers::open({2, 64 * kKiB}).value();
  for (uint64_t nth = 1;; ++nth) {
    const test::FailAllocationAfter failing(nth);
    Status ready = workers->prepare();
    if (ready.ok()) {
      EXPECT_GT(nth, 2U);
      break;
    }
    ASSERT_EQ(ready.code(), Code::kNoMemory);
  }
  const ChunkWorkers::Shift shift = workers->take_shift();
  EXPECT_TRUE(workers->run(shift, 4, [](uint64_t, ChunkWorkers::Bench&) { return Status(); }).ok());
}

}  // namespace
}  // namespace windlass
