#include "volume/space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace windlass {
namespace {

constexpr uint64_t kSegment = 4 * kMiB;

std::vector<BlockId> taken(Space& space, const std::vector<uint64_t>& sizes) {
  std::vector<BlockId> blocks(sizes.size());
  EXPECT_EQ(space.take(sizes, blocks), 0U);
  return blocks;
}

// That blocks lie one behind another without a gap or an overlap, and no two free ones side by side.
void expect_sound(const Space& space) {
  uint64_t used = 0;
  for (uint32_t index = 0; index < space.segments().size(); ++index) {
    const Space::Segment& segment = space.segment(index);
    if (segment.id == 0) continue;
    uint64_t end = 0;
    uint64_t used_here = 0;
    bool free_before = false;
    for (BlockId id = segment.first; id != kNoBlock; id = space.block(id).behind) {
      const Space::Block& block = space.block(id);
      ASSERT_EQ(block.offset, end);
      ASSERT_EQ(block.segment, index);
      ASSERT_GT(block.bytes, 0U);
      ASSERT_FALSE(block.free && free_before) << "two free blocks side by side";
      free_before = block.free;
      end += block.bytes;
      if (!block.free) used_here += block.bytes;
    }
    ASSERT_EQ(end, segment.bytes);
    ASSERT_EQ(used_here, segment.used_bytes);
    used += used_here;
  }
  ASSERT_EQ(used, space.used_bytes());
}

TEST(SpaceTest, smallValuesAreAlignedToLinesAndOthersToPages) {
  EXPECT_EQ(Space::footprint(1), 64U);
  EXPECT_EQ(Space::footprint(4095), 4096U);
  EXPECT_EQ(Space::footprint(4097), 8192U);
  EXPECT_EQ(Space::footprint(UINT64_MAX), 0U);
  Space space;
  space.add_segment(1, kSegment);
  const std::vector<BlockId> blocks = taken(space, {1, 5000, 100, 4096});
  EXPECT_EQ(space.block(blocks[0]).offset, 0U);
  EXPECT_EQ(space.block(blocks[1]).offset, 4096U);
  EXPECT_EQ(space.block(blocks[2]).offset, 4096U + 8192U);
  EXPECT_EQ(space.block(blocks[3]).offset, 4U * 4096U);
  expect_sound(space);
}

TEST(SpaceTest, aBatchLiesInOnePieceWhereThereIsOne) {
  Space space;
  space.add_segment(1, kSegment);
  space.add_segment(2, kSegment);
  const std::vector<BlockId> blocks = taken(space, std::vector<uint64_t>(1000, 100));
  for (size_t i = 1; i < blocks.size(); ++i) {
    EXPECT_EQ(space.block(blocks[i]).segment, space.block(blocks[0]).segment);
    EXPECT_EQ(space.block(blocks[i]).offset, space.block(blocks[i - 1]).offset + 128);
  }
}

TEST(SpaceTest, whatFindsNoRoomIsTold) {
  Space space;
  space.add_segment(1, kSegment);
  std::vector<BlockId> blocks(3);
  EXPECT_EQ(space.take(std::vector<uint64_t>{kSegment, 0, kSegment}, blocks), 1U);
  EXPECT_NE(blocks[0], kNoBlock);
  EXPECT_EQ(blocks[1], kNoBlock);
  EXPECT_EQ(blocks[2], kNoBlock);
  std::vector<BlockId> monster(1);
  EXPECT_EQ(space.take(std::vector<uint64_t>{UINT64_MAX}, monster), 1U);
  EXPECT_EQ(Space::run_bytes(std::vector<uint64_t>{UINT64_MAX / 2, UINT64_MAX / 2}), UINT64_MAX / 2);
}

TEST(SpaceTest, theBestFittingPieceIsTaken) {
  Space space;
  space.add_segment(1, kSegment);
  // Leaves pieces of 256 KiB, 64 KiB and 128 KiB between values.
  const std::vector<uint64_t> sizes{256 * kKiB, 4096, 64 * kKiB, 4096, 128 * kKiB, 4096};
  const std::vector<BlockId> blocks = taken(space, sizes);
  const uint64_t wanted = space.block(blocks[2]).offset;
  for (const size_t i : {0U, 2U, 4U}) space.give_back(blocks[i]);
  EXPECT_EQ(space.block(taken(space, {60 * kKiB})[0]).offset, wanted);
  expect_sound(space);
}

TEST(SpaceTest, shrinkingGivesTheEndBack) {
  Space space;
  space.add_segment(1, kSegment);
  const BlockId block = taken(space, {kMiB})[0];
  space.reserve_blocks(1);
  space.shrink(block, 5000);
  EXPECT_EQ(space.block(block).bytes, 8192U);
  EXPECT_EQ(space.used_bytes(), 8192U);
  space.shrink(block, 8000);
  EXPECT_EQ(space.block(block).bytes, 8192U);
  expect_sound(space);
  space.give_back(block);
  EXPECT_EQ(space.used_bytes(), 0U);
  expect_sound(space);
}

TEST(SpaceTest, anotherNameIsTheSameRoom) {
  Space space;
  space.add_segment(1, kSegment);
  const std::vector<BlockId> blocks = taken(space, {100, 100, 100});
  const BlockId renamed = space.rename(blocks[1]);
  const BlockId first = space.rename(blocks[0]);
  EXPECT_NE(renamed, blocks[1]);
  EXPECT_EQ(space.block(renamed).offset, 128U);
  expect_sound(space);
  for (const BlockId id : {first, renamed, blocks[2]}) space.give_back(id);
  expect_sound(space);
  EXPECT_EQ(space.used_bytes(), 0U);
}

TEST(SpaceTest, aSegmentsIndexIsUsedAgain) {
  Space space;
  EXPECT_EQ(space.add_segment(1, kSegment), 0U);
  EXPECT_EQ(space.add_segment(2, kSegment), 1U);
  space.remove_segment(0);
  EXPECT_EQ(space.held_bytes(), kSegment);
  EXPECT_EQ(space.add_segment(3, 2 * kSegment), 0U);
  EXPECT_EQ(space.segment(0).id, 3U);
  std::vector<BlockId> blocks(2);
  EXPECT_FALSE(space.take_in(1, std::vector<uint64_t>{kSegment, 1}, blocks));
  EXPECT_TRUE(space.take_in(0, std::vector<uint64_t>{kSegment, 1}, blocks));
  EXPECT_EQ(space.block(blocks[1]).offset, kSegment);
  expect_sound(space);
}

// Goal: whatever is taken and given back in whatever order, nothing overlaps, and all is one piece again at the end.
// Method: a model of who has which bytes, over seeds.
TEST(SpaceTest, tortureLeavesNoOverlapAndNothingBehind) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    std::mt19937_64 random(seed);
    Space space;
    for (uint64_t id = 1; id <= 3; ++id) space.add_segment(id, kSegment);
    std::map<std::pair<uint32_t, uint64_t>, std::pair<BlockId, uint64_t>> model;  // by place: name, bytes asked for
    for (int step = 0; step < 3000; ++step) {
      if (random() % 100 < 55) {
        std::vector<uint64_t> sizes(1 + random() % 20);
        for (uint64_t& size : sizes) size = random() % 3 == 0 ? random() % 60000 : random() % 5000;
        std::vector<BlockId> blocks(sizes.size());
        space.take(sizes, blocks);
        for (size_t i = 0; i < sizes.size(); ++i) {
          if (blocks[i] == kNoBlock) continue;
          const Space::Block& block = space.block(blocks[i]);
          ASSERT_EQ(block.offset % Space::alignment(sizes[i]), 0U);
          ASSERT_GE(block.bytes, sizes[i]);
          ASSERT_TRUE(model.emplace(std::pair(block.segment, block.offset), std::pair(blocks[i], sizes[i])).second);
        }
      } else if (!model.empty()) {
        auto at = model.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(random() % model.size()));
        if (random() % 4 == 0 && at->second.second > 64) {
          space.reserve_blocks(1);
          at->second.second /= 2;
          space.shrink(at->second.first, at->second.second);
        } else {
          space.give_back(at->second.first);
          model.erase(at);
        }
      }
      if (step % 50 == 0) expect_sound(space);
      if (testing::Test::HasFatalFailure()) return;
    }
    std::pair<uint32_t, uint64_t> end{0, 0};
    for (const auto& [place, value] : model) {
      ASSERT_TRUE(place.first != end.first || place.second >= end.second) << "an overlap, seed " << seed;
      end = {place.first, place.second + value.second};
    }
    for (const auto& [place, value] : model) space.give_back(value.first);
    expect_sound(space);
    EXPECT_EQ(space.used_bytes(), 0U);
    for (const Space::Segment& segment : space.segments()) EXPECT_EQ(space.block(segment.first).bytes, kSegment);
    EXPECT_EQ(space.live_blocks(), 3U);
  }
}

}  // namespace
}  // namespace windlass
