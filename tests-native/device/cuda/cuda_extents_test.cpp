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

constexpr uint64_t kStep = 2 * kMiB;
constexpr uint64_t kStart = 1000 * kStep;

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
  CudaExtents extents_{"CUDA device 0", kStep};
};

TEST_F(CudaExtentsTest, sizesAreMultiplesOfTheGranularity) {
  EXPECT_TRUE(extents_.check_size("create", 3 * kStep).ok());
  EXPECT_EQ(extents_.check_size("create", 0).code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(extents_.check_size("create", kStep + 1).message()), HasSubstr("cannot create"));
}

TEST_F(CudaExtentsTest, aRangeIsGivenBackWholeAndEmpty) {
  extents_.add_range(kStart, 4 * kStep);
  EXPECT_FALSE(extents_.begin_unreserve(kStart, kStep).ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart + kStep, 3 * kStep).ok());
  mapped(kStart + 3 * kStep, kStep);
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kStep).ok()) << "memory is there";
  ASSERT_TRUE(extents_.begin_unmap(kStart + 3 * kStep, kStep).ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kStep).ok()) << "it is still being unmapped";
  extents_.end_unmap(kStart + 3 * kStep, kStep, true);
  auto leaving = extents_.begin_unreserve(kStart, 4 * kStep);
  ASSERT_TRUE(leaving.ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kStep).ok()) << "somebody is at it";
  const PhysicalId id = extents_.add_piece(1, kStep, true);
  EXPECT_FALSE(extents_.begin_map(kStart, kStep, id).ok()) << "it is going away";
  extents_.end_unreserve(*std::move(leaving), false);
  leaving = extents_.begin_unreserve(kStart, 4 * kStep);
  ASSERT_TRUE(leaving.ok()) << "it was not given back";
  extents_.end_unreserve(*std::move(leaving), true);
  EXPECT_FALSE(extents_.mapped_bytes(kStart, kStep).ok());
}

TEST_F(CudaExtentsTest, addressesThatTheDriverGivesAnewBeforeTheyAreForgottenAreTheNewOnes) {
  extents_.add_range(kStart, 4 * kStep);
  auto leaving = extents_.begin_unreserve(kStart, 4 * kStep);
  ASSERT_TRUE(leaving.ok());
  // The driver has freed it, and another thread has reserved the same addresses.
  extents_.add_range(kStart, 2 * kStep);
  extents_.end_unreserve(*std::move(leaving), true);
  mapped(kStart, 2 * kStep);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 2 * kStep).value(), 2 * kStep);
}

TEST_F(CudaExtentsTest, aPieceIsMappedOnceWholeAndWhereNothingIs) {
  extents_.add_range(kStart, 4 * kStep);
  const PhysicalId id = extents_.add_piece(5, 2 * kStep, true);
  EXPECT_FALSE(extents_.begin_map(kStart, kStep, id).ok()) << "another size";
  EXPECT_FALSE(extents_.begin_map(kStart + kStep / 2, 2 * kStep, id).ok()) << "not aligned";
  EXPECT_FALSE(extents_.begin_map(kStart + 3 * kStep, 2 * kStep, id).ok()) << "leaves the range";
  EXPECT_FALSE(extents_.begin_map(kStart, 2 * kStep, id + 1).ok()) << "no such piece";
  mapped(kStart + kStep, kStep);
  EXPECT_FALSE(extents_.begin_map(kStart, 2 * kStep, id).ok()) << "something is there";
  ASSERT_TRUE(extents_.begin_map(kStart + 2 * kStep, 2 * kStep, id).ok());
  EXPECT_FALSE(extents_.begin_map(kStart + 2 * kStep, 2 * kStep, id).ok()) << "at work";
  extents_.end_map(kStart + 2 * kStep, false);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kStep).value(), kStep) << "the driver refused";
  ASSERT_TRUE(extents_.begin_map(kStart + 2 * kStep, 2 * kStep, id).ok());
  extents_.end_map(kStart + 2 * kStep, true);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kStep).value(), 3 * kStep);
  EXPECT_EQ(extents_.mapped_bytes(kStart + 3 * kStep - 5, 10).value(), 10U);
  EXPECT_FALSE(extents_.begin_release(id).ok()) << "while it is mapped";
}

TEST_F(CudaExtentsTest, wholePiecesAreUnmappedAndNoOthers) {
  extents_.add_range(kStart, 4 * kStep);
  const PhysicalId first = mapped(kStart, kStep);
  mapped(kStart + kStep, 2 * kStep);
  EXPECT_FALSE(extents_.begin_unmap(kStart, 2 * kStep).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart + kStep / 2, kStep).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, 0).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, 4 * kStep).ok()) << "a hole at the end";
  ASSERT_TRUE(extents_.begin_unmap(kStart, 3 * kStep).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, kStep).ok()) << "at work";
  extents_.end_unmap(kStart, 3 * kStep, false);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kStep).value(), 3 * kStep);
  ASSERT_TRUE(extents_.begin_unmap(kStart, 3 * kStep).ok());
  extents_.end_unmap(kStart, 3 * kStep, true);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kStep).value(), 0U);
  EXPECT_EQ(extents_.used_bytes(), 3 * kStep);
  ASSERT_TRUE(extents_.begin_release(first).ok());
  EXPECT_FALSE(extents_.begin_release(first).ok()) << "at work";
  extents_.end_release(first, false);
  ASSERT_TRUE(extents_.begin_release(first).ok());
  extents_.end_release(first, true);
  EXPECT_EQ(extents_.used_bytes(), 2 * kStep);
}

TEST_F(CudaExtentsTest, accessTellsRunsThatHaveNoneAndWhichAreFresh) {
  extents_.add_range(kStart, 6 * kStep);
  for (const uint64_t index : {0U, 1U, 2U, 4U}) mapped(kStart + index * kStep, kStep, index != 4);
  EXPECT_FALSE(extents_.begin_access(kStart, 6 * kStep).ok());
  usable(kStart + 2 * kStep, kStep);
  mapped(kStart + 3 * kStep, kStep, false);
  std::vector<CudaExtents::Run> runs = extents_.begin_access(kStart, 5 * kStep).value();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].address, kStart);
  EXPECT_EQ(runs[0].bytes, 2 * kStep);
  EXPECT_TRUE(runs[0].fresh);
  EXPECT_EQ(runs[1].address, kStart + 3 * kStep);
  EXPECT_EQ(runs[1].bytes, 2 * kStep);
  EXPECT_FALSE(runs[1].fresh);
  extents_.end_access(kStart, 5 * kStep, false);
  EXPECT_EQ(extents_.begin_access(kStart, 5 * kStep).value().size(), 2U) << "it did not work";
  extents_.end_access(kStart, 5 * kStep, true);
  EXPECT_TRUE(extents_.begin_access(kStart, 5 * kStep).value().empty());
  extents_.end_access(kStart, 5 * kStep, true);
}

TEST_F(CudaExtentsTest, aCopyNeedsAccessAndKeepsThePiecesMapped) {
  extents_.add_range(kStart, 4 * kStep);
  mapped(kStart, kStep);
  mapped(kStart + kStep, kStep);
  EXPECT_FALSE(extents_.begin_copy(kStart, 1).ok()) << "no access";
  usable(kStart, 2 * kStep);
  EXPECT_FALSE(extents_.begin_copy(kStart + kStep, kStep + 1).ok()) << "leaves the mapped range";
  EXPECT_FALSE(extents_.begin_copy(kStart - 1, 2).ok()) << "begins before it";
  EXPECT_FALSE(extents_.begin_copy(kStart, ~uint64_t{0}).ok());
  EXPECT_TRUE(extents_.begin_copy(0, 0).ok());
  extents_.end_copy(0, 0);
  ASSERT_TRUE(extents_.begin_copy(kStart + kStep - 3, 7).ok());
  ASSERT_TRUE(extents_.begin_copy(kStart + 5, 1).ok());
  EXPECT_THAT(std::string(extents_.begin_unmap(kStart, kStep).message()), HasSubstr("a copy perhaps"));
  extents_.end_copy(kStart + 5, 1);
  EXPECT_FALSE(extents_.begin_unmap(kStart, 2 * kStep).ok());
  extents_.end_copy(kStart + kStep - 3, 7);
  ASSERT_TRUE(extents_.begin_unmap(kStart, 2 * kStep).ok());
  EXPECT_FALSE(extents_.begin_copy(kStart, 1).ok()) << "it is being unmapped";
  extents_.end_unmap(kStart, 2 * kStep, true);
}

TEST_F(CudaExtentsTest, aPieceInUseIsNotReleased) {
  const PhysicalId id = extents_.add_piece(9, kStep, true);
  EXPECT_EQ(extents_.begin_use(id).value(), 9U);
  EXPECT_FALSE(extents_.begin_release(id).ok());
  extents_.end_use(id);
  EXPECT_FALSE(extents_.begin_use(id + 1).ok());
  ASSERT_TRUE(extents_.begin_release(id).ok());
  extents_.end_release(id, true);
}

TEST_F(CudaExtentsTest, whatIsLeftIsToldOnce) {
  extents_.add_range(kStart, 4 * kStep);
  mapped(kStart, kStep);
  extents_.add_piece(99, kStep, true);
  const CudaExtents::Leftovers left = extents_.take_all();
  ASSERT_EQ(left.mapped.size(), 1U);
  EXPECT_EQ(left.mapped[0].address, kStart);
  EXPECT_EQ(left.handles, (std::vector<cuda::MemoryHandle>{71, 99}));
  ASSERT_EQ(left.ranges.size(), 1U);
  EXPECT_EQ(left.ranges[0].bytes, 4 * kStep);
  EXPECT_TRUE(extents_.take_all().handles.empty());
  EXPECT_EQ(extents_.used_bytes(), 0U);
}

TEST_F(CudaExtentsTest, threadsOnPiecesOfTheirOwnDoNotDisturbEachOther) {
  constexpr uint64_t kThreads = 4;
  extents_.add_range(kStart, kThreads * kStep);
  std::vector<std::thread> threads;
  for (uint64_t number = 0; number < kThreads; ++number) {
    threads.emplace_back([this, number] {
      const uint64_t address = kStart + number * kStep;
      for (int round = 0; round < 200; ++round) {
        const PhysicalId id = extents_.add_piece(number + 1, kStep, true);
        ASSERT_TRUE(extents_.begin_map(address, kStep, id).ok());
        extents_.end_map(address, true);
        ASSERT_EQ(extents_.begin_access(address, kStep).value().size(), 1U);
        extents_.end_access(address, kStep, true);
        ASSERT_TRUE(extents_.begin_copy(address + 1, 7).ok());
        extents_.end_copy(address + 1, 7);
        ASSERT_TRUE(extents_.begin_unmap(address, kStep).ok());
        extents_.end_unmap(address, kStep, true);
        ASSERT_TRUE(extents_.begin_release(id).ok());
        extents_.end_release(id, true);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(extents_.used_bytes(), 0U);
  EXPECT_EQ(extents_.mapped_bytes(kStart, kThreads * kStep).value(), 0U);
}

}  // namespace
}  // namespace windlass
