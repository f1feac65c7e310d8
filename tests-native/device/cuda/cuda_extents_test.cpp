#include "device/cuda/cuda_extents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

constexpr uint64_t kChunk = 2 * kMiB;
constexpr uint64_t kStart = 1000 * kChunk;

class CudaExtentsTest : public testing::Test {
 protected:
  PhysicalId mapped(uint64_t address, uint64_t bytes, bool fresh = true) {
    const PhysicalId id = extents_.add_piece(++handle_, bytes, fresh);
    EXPECT_EQ(extents_.begin_map(address, bytes, id).value(), handle_);
    extents_.end_map(address, true);
    return id;
  }
  void usable(uint64_t address, uint64_t bytes) {
    EXPECT_TRUE(extents_.begin_access(address, bytes).ok());
    extents_.end_access(address, bytes, true);
  }

  cuda::MemoryHandle handle_ = 70;
  CudaExtents extents_{"CUDA device 0", kChunk};
};

TEST_F(CudaExtentsTest, sizesAreMultiplesOfTheGranularity) {
  EXPECT_TRUE(extents_.check_size("create", 3 * kChunk).ok());
  EXPECT_EQ(extents_.check_size("create", 0).code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(extents_.check_size("create", kChunk + 1).message()), HasSubstr("cannot create"));
}

TEST_F(CudaExtentsTest, aRangeIsGivenBackWholeAndEmpty) {
  extents_.add_range(kStart, 4 * kChunk);
  EXPECT_FALSE(extents_.begin_unreserve(kStart, kChunk).ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart + kChunk, 3 * kChunk).ok());
  mapped(kStart + 3 * kChunk, kChunk);
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kChunk).ok()) << "memory is there";
  ASSERT_TRUE(extents_.begin_unmap(kStart + 3 * kChunk, kChunk).ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kChunk).ok()) << "it is still being unmapped";
  extents_.end_unmap(kStart + 3 * kChunk, kChunk, true);
  auto leaving = extents_.begin_unreserve(kStart, 4 * kChunk);
  ASSERT_TRUE(leaving.ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kChunk).ok()) << "somebody is at it";
  const PhysicalId id = extents_.add_piece(1, kChunk, true);
  EXPECT_FALSE(extents_.begin_map(kStart, kChunk, id).ok()) << "it is going away";
  extents_.end_unreserve(*std::move(leaving), false);
  leaving = extents_.begin_unreserve(kStart, 4 * kChunk);
  ASSERT_TRUE(leaving.ok()) << "it was not given back";
  extents_.end_unreserve(*std::move(leaving), true);
  EXPECT_FALSE(extents_.mapped_bytes(kStart, kChunk).ok());
}

TEST_F(CudaExtentsTest, addressesThatTheDriverGivesAnewBeforeTheyAreForgottenAreTheNewOnes) {
  extents_.add_range(kStart, 4 * kChunk);
  auto leaving = extents_.begin_unreserve(kStart, 4 * kChunk);
  ASSERT_TRUE(leaving.ok());
  // The driver has freed it, and another thread has reserved the same addresses.
  extents_.add_range(kStart, 2 * kChunk);
  extents_.end_unreserve(*std::move(leaving), true);
  mapped(kStart, 2 * kChunk);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 2 * kChunk).value(), 2 * kChunk);
}

TEST_F(CudaExtentsTest, aPieceIsMappedOnceWholeAndWhereNothingIs) {
  extents_.add_range(kStart, 4 * kChunk);
  const PhysicalId id = extents_.add_piece(5, 2 * kChunk, true);
  EXPECT_FALSE(extents_.begin_map(kStart, kChunk, id).ok()) << "another size";
  EXPECT_FALSE(extents_.begin_map(kStart + kChunk / 2, 2 * kChunk, id).ok()) << "not aligned";
  EXPECT_FALSE(extents_.begin_map(kStart + 3 * kChunk, 2 * kChunk, id).ok()) << "leaves the range";
  EXPECT_FALSE(extents_.begin_map(kStart, 2 * kChunk, id + 1).ok()) << "no such piece";
  mapped(kStart + kChunk, kChunk);
  EXPECT_FALSE(extents_.begin_map(kStart, 2 * kChunk, id).ok()) << "something is there";
  ASSERT_TRUE(extents_.begin_map(kStart + 2 * kChunk, 2 * kChunk, id).ok());
  EXPECT_FALSE(extents_.begin_map(kStart + 2 * kChunk, 2 * kChunk, id).ok()) << "at work";
  extents_.end_map(kStart + 2 * kChunk, false);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kChunk).value(), kChunk) << "the driver refused";
  ASSERT_TRUE(extents_.begin_map(kStart + 2 * kChunk, 2 * kChunk, id).ok());
  extents_.end_map(kStart + 2 * kChunk, true);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kChunk).value(), 3 * kChunk);
  EXPECT_EQ(extents_.mapped_bytes(kStart + 3 * kChunk - 5, 10).value(), 10U);
  EXPECT_FALSE(extents_.begin_release(id).ok()) << "while it is mapped";
}

TEST_F(CudaExtentsTest, wholePiecesAreUnmappedAndNoOthers) {
  extents_.add_range(kStart, 4 * kChunk);
  const PhysicalId first = mapped(kStart, kChunk);
  mapped(kStart + kChunk, 2 * kChunk);
  EXPECT_FALSE(extents_.begin_unmap(kStart, 2 * kChunk).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart + kChunk / 2, kChunk).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, 0).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, 4 * kChunk).ok()) << "a hole at the end";
  ASSERT_TRUE(extents_.begin_unmap(kStart, 3 * kChunk).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, kChunk).ok()) << "at work";
  extents_.end_unmap(kStart, 3 * kChunk, false);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kChunk).value(), 3 * kChunk);
  ASSERT_TRUE(extents_.begin_unmap(kStart, 3 * kChunk).ok());
  extents_.end_unmap(kStart, 3 * kChunk, true);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kChunk).value(), 0U);
  EXPECT_EQ(extents_.used_bytes(), 3 * kChunk);
  ASSERT_TRUE(extents_.begin_release(first).ok());
  EXPECT_FALSE(extents_.begin_release(first).ok()) << "at work";
  extents_.end_release(first, false);
  ASSERT_TRUE(extents_.begin_release(first).ok());
  extents_.end_release(first, true);
  EXPECT_EQ(extents_.used_bytes(), 2 * kChunk);
}

TEST_F(CudaExtentsTest, accessTellsRunsThatHaveNoneAndWhichAreFresh) {
  extents_.add_range(kStart, 6 * kChunk);
  for (const uint64_t index : {0U, 1U, 2U, 4U}) mapped(kStart + index * kChunk, kChunk, index != 4);
  EXPECT_FALSE(extents_.begin_access(kStart, 6 * kChunk).ok());
  usable(kStart + 2 * kChunk, kChunk);
  mapped(kStart + 3 * kChunk, kChunk, false);
  std::vector<CudaExtents::Run> runs = extents_.begin_access(kStart, 5 * kChunk).value();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].address, kStart);
  EXPECT_EQ(runs[0].bytes, 2 * kChunk);
  EXPECT_TRUE(runs[0].fresh);
  EXPECT_EQ(runs[1].address, kStart + 3 * kChunk);
  EXPECT_EQ(runs[1].bytes, 2 * kChunk);
  EXPECT_FALSE(runs[1].fresh);
  extents_.end_access(kStart, 5 * kChunk, false);
  EXPECT_EQ(extents_.begin_access(kStart, 5 * kChunk).value().size(), 2U) << "it did not work";
  extents_.end_access(kStart, 5 * kChunk, true);
  EXPECT_TRUE(extents_.begin_access(kStart, 5 * kChunk).value().empty());
  extents_.end_access(kStart, 5 * kChunk, true);
}

TEST_F(CudaExtentsTest, aCopyNeedsAccessAndKeepsThePiecesMapped) {
  extents_.add_range(kStart, 4 * kChunk);
  mapped(kStart, kChunk);
  mapped(kStart + kChunk, kChunk);
  EXPECT_FALSE(extents_.begin_copy(kStart, 1).ok()) << "no access";
  usable(kStart, 2 * kChunk);
  EXPECT_FALSE(extents_.begin_copy(kStart + kChunk, kChunk + 1).ok()) << "leaves the mapped range";
  EXPECT_FALSE(extents_.begin_copy(kStart - 1, 2).ok()) << "begins before it";
  EXPECT_FALSE(extents_.begin_copy(kStart, ~uint64_t{0}).ok());
  EXPECT_TRUE(extents_.begin_copy(0, 0).ok());
  extents_.end_copy(0, 0);
  ASSERT_TRUE(extents_.begin_copy(kStart + kChunk - 3, 7).ok());
  ASSERT_TRUE(extents_.begin_copy(kStart + 5, 1).ok());
  EXPECT_THAT(std::string(extents_.begin_unmap(kStart, kChunk).message()), HasSubstr("a copy perhaps"));
  extents_.end_copy(kStart + 5, 1);
  EXPECT_FALSE(extents_.begin_unmap(kStart, 2 * kChunk).ok());
  extents_.end_copy(kStart + kChunk - 3, 7);
  ASSERT_TRUE(extents_.begin_unmap(kStart, 2 * kChunk).ok());
  EXPECT_FALSE(extents_.begin_copy(kStart, 1).ok()) << "it is being unmapped";
  extents_.end_unmap(kStart, 2 * kChunk, true);
}

TEST_F(CudaExtentsTest, aPieceInUseIsNotReleased) {
  const PhysicalId id = extents_.add_piece(9, kChunk, true);
  EXPECT_EQ(extents_.begin_use(id).value(), 9U);
  EXPECT_FALSE(extents_.begin_release(id).ok());
  extents_.end_use(id);
  EXPECT_FALSE(extents_.begin_use(id + 1).ok());
  ASSERT_TRUE(extents_.begin_release(id).ok());
  extents_.end_release(id, true);
}

TEST_F(CudaExtentsTest, whatIsLeftIsToldOnce) {
  extents_.add_range(kStart, 4 * kChunk);
  mapped(kStart, kChunk);
  extents_.add_piece(99, kChunk, true);
  const CudaExtents::Leftovers left = extents_.take_all();
  ASSERT_EQ(left.mapped.size(), 1U);
  EXPECT_EQ(left.mapped[0].address, kStart);
  EXPECT_EQ(left.handles, (std::vector<cuda::MemoryHandle>{71, 99}));
  ASSERT_EQ(left.ranges.size(), 1U);
  EXPECT_EQ(left.ranges[0].bytes, 4 * kChunk);
  EXPECT_TRUE(extents_.take_all().handles.empty());
  EXPECT_EQ(extents_.used_bytes(), 0U);
}

TEST_F(CudaExtentsTest, threadsOnPiecesOfTheirOwnDoNotDisturbEachOther) {
  constexpr uint64_t kThreads = 4;
  extents_.add_range(kStart, kThreads * kChunk);
  std::vector<std::thread> threads;
  for (uint64_t number = 0; number < kThreads; ++number) {
    threads.emplace_back([this, number] {
      const uint64_t address = kStart + number * kChunk;
      for (int round = 0; round < 200; ++round) {
        const PhysicalId id = extents_.add_piece(number + 1, kChunk, true);
        ASSERT_TRUE(extents_.begin_map(address, kChunk, id).ok());
        extents_.end_map(address, true);
        ASSERT_EQ(extents_.begin_access(address, kChunk).value().size(), 1U);
        extents_.end_access(address, kChunk, true);
        ASSERT_TRUE(extents_.begin_copy(address + 1, 7).ok());
        extents_.end_copy(address + 1, 7);
        ASSERT_TRUE(extents_.begin_unmap(address, kChunk).ok());
        extents_.end_unmap(address, kChunk, true);
        ASSERT_TRUE(extents_.begin_release(id).ok());
        extents_.end_release(id, true);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(extents_.used_bytes(), 0U);
  EXPECT_EQ(extents_.mapped_bytes(kStart, kThreads * kChunk).value(), 0U);
}

}  // namespace
}  // namespace windlass
