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

constexpr uint64_t kUnit = 2 * kMiB;
constexpr uint64_t kStart = 1000 * kUnit;

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
  CudaExtents extents_{"CUDA device 0", kUnit};
};

TEST_F(CudaExtentsTest, sizesAreMultiplesOfTheGranularity) {
  EXPECT_TRUE(extents_.check_size("create", 3 * kUnit).ok());
  EXPECT_EQ(extents_.check_size("create", 0).code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(extents_.check_size("create", kUnit + 1).message()), HasSubstr("cannot create"));
}

TEST_F(CudaExtentsTest, aRangeIsGivenBackWholeAndEmpty) {
  extents_.add_range(kStart, 4 * kUnit);
  EXPECT_FALSE(extents_.begin_unreserve(kStart, kUnit).ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart + kUnit, 3 * kUnit).ok());
  mapped(kStart + 3 * kUnit, kUnit);
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kUnit).ok()) << "memory is there";
  ASSERT_TRUE(extents_.begin_unmap(kStart + 3 * kUnit, kUnit).ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kUnit).ok()) << "it is still being unmapped";
  extents_.end_unmap(kStart + 3 * kUnit, kUnit, true);
  auto leaving = extents_.begin_unreserve(kStart, 4 * kUnit);
  ASSERT_TRUE(leaving.ok());
  EXPECT_FALSE(extents_.begin_unreserve(kStart, 4 * kUnit).ok()) << "somebody is at it";
  const PhysicalId id = extents_.add_piece(1, kUnit, true);
  EXPECT_FALSE(extents_.begin_map(kStart, kUnit, id).ok()) << "it is going away";
  extents_.end_unreserve(*std::move(leaving), false);
  leaving = extents_.begin_unreserve(kStart, 4 * kUnit);
  ASSERT_TRUE(leaving.ok()) << "it was not given back";
  extents_.end_unreserve(*std::move(leaving), true);
  EXPECT_FALSE(extents_.mapped_bytes(kStart, kUnit).ok());
}

TEST_F(CudaExtentsTest, addressesThatTheDriverGivesAnewBeforeTheyAreForgottenAreTheNewOnes) {
  extents_.add_range(kStart, 4 * kUnit);
  auto leaving = extents_.begin_unreserve(kStart, 4 * kUnit);
  ASSERT_TRUE(leaving.ok());
  // The driver has freed it, and another thread has reserved the same addresses.
  extents_.add_range(kStart, 2 * kUnit);
  extents_.end_unreserve(*std::move(leaving), true);
  mapped(kStart, 2 * kUnit);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 2 * kUnit).value(), 2 * kUnit);
}

TEST_F(CudaExtentsTest, aPieceIsMappedOnceWholeAndWhereNothingIs) {
  extents_.add_range(kStart, 4 * kUnit);
  const PhysicalId id = extents_.add_piece(5, 2 * kUnit, true);
  EXPECT_FALSE(extents_.begin_map(kStart, kUnit, id).ok()) << "another size";
  EXPECT_FALSE(extents_.begin_map(kStart + kUnit / 2, 2 * kUnit, id).ok()) << "not aligned";
  EXPECT_FALSE(extents_.begin_map(kStart + 3 * kUnit, 2 * kUnit, id).ok()) << "leaves the range";
  EXPECT_FALSE(extents_.begin_map(kStart, 2 * kUnit, id + 1).ok()) << "no such piece";
  mapped(kStart + kUnit, kUnit);
  EXPECT_FALSE(extents_.begin_map(kStart, 2 * kUnit, id).ok()) << "something is there";
  ASSERT_TRUE(extents_.begin_map(kStart + 2 * kUnit, 2 * kUnit, id).ok());
  EXPECT_FALSE(extents_.begin_map(kStart + 2 * kUnit, 2 * kUnit, id).ok()) << "at work";
  extents_.end_map(kStart + 2 * kUnit, false);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kUnit).value(), kUnit) << "the driver refused";
  ASSERT_TRUE(extents_.begin_map(kStart + 2 * kUnit, 2 * kUnit, id).ok());
  extents_.end_map(kStart + 2 * kUnit, true);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kUnit).value(), 3 * kUnit);
  EXPECT_EQ(extents_.mapped_bytes(kStart + 3 * kUnit - 5, 10).value(), 10U);
  EXPECT_FALSE(extents_.begin_release(id).ok()) << "while it is mapped";
}

TEST_F(CudaExtentsTest, wholePiecesAreUnmappedAndNoOthers) {
  extents_.add_range(kStart, 4 * kUnit);
  const PhysicalId first = mapped(kStart, kUnit);
  mapped(kStart + kUnit, 2 * kUnit);
  EXPECT_FALSE(extents_.begin_unmap(kStart, 2 * kUnit).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart + kUnit / 2, kUnit).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, 0).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, 4 * kUnit).ok()) << "a hole at the end";
  ASSERT_TRUE(extents_.begin_unmap(kStart, 3 * kUnit).ok());
  EXPECT_FALSE(extents_.begin_unmap(kStart, kUnit).ok()) << "at work";
  extents_.end_unmap(kStart, 3 * kUnit, false);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kUnit).value(), 3 * kUnit);
  ASSERT_TRUE(extents_.begin_unmap(kStart, 3 * kUnit).ok());
  extents_.end_unmap(kStart, 3 * kUnit, true);
  EXPECT_EQ(extents_.mapped_bytes(kStart, 4 * kUnit).value(), 0U);
  EXPECT_EQ(extents_.used_bytes(), 3 * kUnit);
  ASSERT_TRUE(extents_.begin_release(first).ok());
  EXPECT_FALSE(extents_.begin_release(first).ok()) << "at work";
  extents_.end_release(first, false);
  ASSERT_TRUE(extents_.begin_release(first).ok());
  extents_.end_release(first, true);
  EXPECT_EQ(extents_.used_bytes(), 2 * kUnit);
}

TEST_F(CudaExtentsTest, accessTellsRunsThatHaveNoneAndWhichAreFresh) {
  extents_.add_range(kStart, 6 * kUnit);
  for (const uint64_t index : {0U, 1U, 2U, 4U}) mapped(kStart + index * kUnit, kUnit, index != 4);
  EXPECT_FALSE(extents_.begin_access(kStart, 6 * kUnit).ok());
  usable(kStart + 2 * kUnit, kUnit);
  mapped(kStart + 3 * kUnit, kUnit, false);
  std::vector<CudaExtents::Run> runs = extents_.begin_access(kStart, 5 * kUnit).value();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].address, kStart);
  EXPECT_EQ(runs[0].bytes, 2 * kUnit);
  EXPECT_TRUE(runs[0].fresh);
  EXPECT_EQ(runs[1].address, kStart + 3 * kUnit);
  EXPECT_EQ(runs[1].bytes, 2 * kUnit);
  EXPECT_FALSE(runs[1].fresh);
  extents_.end_access(kStart, 5 * kUnit, false);
  EXPECT_EQ(extents_.begin_access(kStart, 5 * kUnit).value().size(), 2U) << "it did not work";
  extents_.end_access(kStart, 5 * kUnit, true);
  EXPECT_TRUE(extents_.begin_access(kStart, 5 * kUnit).value().empty());
  extents_.end_access(kStart, 5 * kUnit, true);
}

TEST_F(CudaExtentsTest, aCopyNeedsAccessAndKeepsThePiecesMapped) {
  extents_.add_range(kStart, 4 * kUnit);
  mapped(kStart, kUnit);
  mapped(kStart + kUnit, kUnit);
  EXPECT_FALSE(extents_.begin_copy(kStart, 1).ok()) << "no access";
  usable(kStart, 2 * kUnit);
  EXPECT_FALSE(extents_.begin_copy(kStart + kUnit, kUnit + 1).ok()) << "leaves the mapped range";
  EXPECT_FALSE(extents_.begin_copy(kStart - 1, 2).ok()) << "begins before it";
  EXPECT_FALSE(extents_.begin_copy(kStart, ~uint64_t{0}).ok());
  EXPECT_TRUE(extents_.begin_copy(0, 0).ok());
  extents_.end_copy(0, 0);
  ASSERT_TRUE(extents_.begin_copy(kStart + kUnit - 3, 7).ok());
  ASSERT_TRUE(extents_.begin_copy(kStart + 5, 1).ok());
  EXPECT_THAT(std::string(extents_.begin_unmap(kStart, kUnit).message()), HasSubstr("a copy perhaps"));
  extents_.end_copy(kStart + 5, 1);
  EXPECT_FALSE(extents_.begin_unmap(kStart, 2 * kUnit).ok());
  extents_.end_copy(kStart + kUnit - 3, 7);
  ASSERT_TRUE(extents_.begin_unmap(kStart, 2 * kUnit).ok());
  EXPECT_FALSE(extents_.begin_copy(kStart, 1).ok()) << "it is being unmapped";
  extents_.end_unmap(kStart, 2 * kUnit, true);
}

TEST_F(CudaExtentsTest, aPieceInUseIsNotReleased) {
  const PhysicalId id = extents_.add_piece(9, kUnit, true);
  EXPECT_EQ(extents_.begin_use(id).value(), 9U);
  EXPECT_FALSE(extents_.begin_release(id).ok());
  extents_.end_use(id);
  EXPECT_FALSE(extents_.begin_use(id + 1).ok());
  ASSERT_TRUE(extents_.begin_release(id).ok());
  extents_.end_release(id, true);
}

TEST_F(CudaExtentsTest, whatIsLeftIsToldOnce) {
  extents_.add_range(kStart, 4 * kUnit);
  mapped(kStart, kUnit);
  extents_.add_piece(99, kUnit, true);
  const CudaExtents::Leftovers left = extents_.take_all();
  ASSERT_EQ(left.mapped.size(), 1U);
  EXPECT_EQ(left.mapped[0].address, kStart);
  EXPECT_EQ(left.handles, (std::vector<cuda::MemoryHandle>{71, 99}));
  ASSERT_EQ(left.ranges.size(), 1U);
  EXPECT_EQ(left.ranges[0].bytes, 4 * kUnit);
  EXPECT_TRUE(extents_.take_all().handles.empty());
  EXPECT_EQ(extents_.used_bytes(), 0U);
}

TEST_F(CudaExtentsTest, threadsOnPiecesOfTheirOwnDoNotDisturbEachOther) {
  constexpr uint64_t kThreads = 4;
  extents_.add_range(kStart, kThreads * kUnit);
  std::vector<std::thread> threads;
  for (uint64_t number = 0; number < kThreads; ++number) {
    threads.emplace_back([this, number] {
      const uint64_t address = kStart + number * kUnit;
      for (int round = 0; round < 200; ++round) {
        const PhysicalId id = extents_.add_piece(number + 1, kUnit, true);
        ASSERT_TRUE(extents_.begin_map(address, kUnit, id).ok());
        extents_.end_map(address, true);
        ASSERT_EQ(extents_.begin_access(address, kUnit).value().size(), 1U);
        extents_.end_access(address, kUnit, true);
        ASSERT_TRUE(extents_.begin_copy(address + 1, 7).ok());
        extents_.end_copy(address + 1, 7);
        ASSERT_TRUE(extents_.begin_unmap(address, kUnit).ok());
        extents_.end_unmap(address, kUnit, true);
        ASSERT_TRUE(extents_.begin_release(id).ok());
        extents_.end_release(id, true);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(extents_.used_bytes(), 0U);
  EXPECT_EQ(extents_.mapped_bytes(kStart, kThreads * kUnit).value(), 0U);
}

}  // namespace
}  // namespace windlass
