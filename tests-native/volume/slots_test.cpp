#include "volume/slots.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace windlass {
namespace {

class SlotsTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::shared_ptr<SegmentFile>> file = SegmentFile::create(2 * kMiB, workers_);
    ASSERT_TRUE(file.ok()) << file.status().to_string();
    ASSERT_EQ(slots_.take_in(*file, 1, {}, {}), 0U);
  }

  BlockId reserved(uint64_t bytes, SlotList& list) {
    BlockId slot = kNoBlock;
    EXPECT_EQ(slots_.take({&bytes, 1}, {&slot, 1}), 0U);
    slots_.reserve(slot, bytes, list);
    return slot;
  }

  WorkerPool workers_{1};
  Slots slots_;
  SlotList mine_;
  SlotList theirs_;
};

TEST_F(SlotsTest, aTokenIsGoodForItsOwnersReservationOnly) {
  const BlockId slot = reserved(100, mine_);
  const uint64_t token = slots_.token(slot);
  EXPECT_NE(token, 0U);
  EXPECT_EQ(token >> 63U, 0U);
  EXPECT_EQ(slots_.find(mine_, token), slot);
  EXPECT_EQ(slots_.find(theirs_, token), kNoBlock);
  EXPECT_EQ(slots_.find(mine_, token + (uint64_t{1} << 32U)), kNoBlock);
  EXPECT_EQ(slots_.find(mine_, 0xFFFFFFFFFFFFFFFF), kNoBlock);
  slots_.retire(slot);
  EXPECT_EQ(slots_.find(mine_, token), kNoBlock);
  const BlockId again = reserved(100, mine_);
  EXPECT_EQ(again, slot) << "the same room";
  EXPECT_EQ(slots_.find(mine_, token), kNoBlock) << "an old token";
}

TEST_F(SlotsTest, aSlotWhoseGenerationsAreUsedUpGetsAnotherName) {
  const BlockId slot = reserved(100, mine_);
  slots_.slot(slot).generation = (uint32_t{1} << 31U) - 1;
  EXPECT_FALSE(slots_.retire(slot, true)) << "it cannot be kept under this name";
  const BlockId again = reserved(100, mine_);
  EXPECT_NE(again, slot);
  EXPECT_EQ(slots_.range(again, 1, 1).offset, 0U) << "the same room";
}

TEST_F(SlotsTest, whatIsHeldStaysUntilTheLastHoldGoes) {
  const BlockId slot = reserved(100, mine_);
  slots_.publish(slot, 100, true);
  slots_.hold(slot, false);
  slots_.hold(slot, false);
  EXPECT_FALSE(slots_.retire(slot, true));
  slots_.let_go(slot, false);
  EXPECT_EQ(slots_.space().used_bytes(), 128U);
  slots_.let_go(slot, false);
  EXPECT_EQ(slots_.space().used_bytes(), 0U);
}

TEST_F(SlotsTest, publishingGivesBackWhatIsTooMuch) {
  const BlockId slot = reserved(10000, mine_);
  slots_.reserve_blocks(1);
  slots_.publish(slot, 100, true);
  EXPECT_EQ(slots_.slot(slot).capacity, 100U);
  EXPECT_EQ(slots_.space().used_bytes(), 128U);
  EXPECT_EQ(mine_.count, 0U);
}

TEST_F(SlotsTest, abandoningFreesAllOfOneList) {
  std::vector<BlockId> found;
  for (int i = 0; i < 10; ++i) found.push_back(reserved(100, i % 2 == 0 ? mine_ : theirs_));
  slots_.retire(found[4]);
  EXPECT_EQ(mine_.count, 4U);
  slots_.abandon(mine_);
  EXPECT_EQ(mine_.count, 0U);
  EXPECT_EQ(theirs_.count, 5U);
  EXPECT_EQ(slots_.space().used_bytes(), 5U * 128U);
  slots_.abandon(theirs_);
  EXPECT_EQ(slots_.space().used_bytes(), 0U);
}

TEST_F(SlotsTest, trimmingTakesTheSmallestSegmentThatIsEnough) {
  for (const uint64_t bytes : {8 * kMiB, 4 * kMiB}) {
    Result<std::shared_ptr<SegmentFile>> file = SegmentFile::create(bytes, workers_);
    ASSERT_TRUE(file.ok());
    slots_.take_in(*file, bytes, {}, {});
  }
  EXPECT_EQ(slots_.free_segment_bytes(), 14 * kMiB);
  std::vector<std::shared_ptr<SegmentFile>> gone;
  slots_.trim(3 * kMiB, gone);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0]->bytes(), 4 * kMiB);
  slots_.trim(9 * kMiB, gone);
  EXPECT_EQ(gone.size(), 3U);
  EXPECT_EQ(slots_.segment_count(), 0U);
  EXPECT_EQ(slots_.file_of(1), nullptr);
}

}  // namespace
}  // namespace windlass
