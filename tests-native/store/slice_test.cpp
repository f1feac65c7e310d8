#include "store/slice.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace windlass {
namespace {

// Columns [8, 12) of a 6 by 16 tensor, put by writer (1, 2) of a 2 by 4 mesh.
Slice a_slice() { return {{2, {6, 16}}, {0, 8}, {2, {2, 4}}, {1, 2}}; }
const Shape kLocal{2, {6, 4}};

TEST(SliceTest, aWriterIsNumberedByItsCoordinates) {
  EXPECT_EQ(shard_place(a_slice()), (ShardPlace{6, 8}));
  EXPECT_EQ(shard_place(Slice::whole(kLocal)), (ShardPlace{0, 1}));
  Slice deep = a_slice();
  deep.mesh = {3, {2, 3, 4}};
  deep.coordinates = {1, 2, 3};
  EXPECT_EQ(shard_place(deep), (ShardPlace{23, 24}));
}

TEST(SliceTest, whatCannotBeIsRefused) {
  EXPECT_TRUE(check_slice(a_slice(), kLocal).ok());
  const auto refused = [](auto change, const Shape& local) {
    Slice slice = a_slice();
    change(slice);
    return check_slice(slice, local).code() == Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](Slice&) {}, {1, {6}}));
  EXPECT_TRUE(refused([](Slice&) {}, {2, {7, 4}}));
  EXPECT_TRUE(refused([](Slice& slice) { slice.offsets[1] = 13; }, kLocal));
  EXPECT_TRUE(refused([](Slice& slice) { slice.offsets[1] = UINT64_MAX - 1; }, kLocal));
  EXPECT_TRUE(refused([](Slice& slice) { slice.coordinates[0] = 2; }, kLocal));
  EXPECT_TRUE(refused([](Slice& slice) { slice.mesh.sizes[0] = 0; }, kLocal));
  EXPECT_TRUE(refused([](Slice& slice) { slice.mesh.sizes[0] = UINT64_MAX; }, kLocal));
  EXPECT_TRUE(refused([](Slice& slice) { slice.mesh.sizes = {256, 257}; }, kLocal));
  EXPECT_TRUE(refused([](Slice& slice) { slice.mesh.rank = kMaxRank + 1; }, kLocal));
  EXPECT_TRUE(refused([](Slice& slice) { slice.global.rank = kMaxRank + 1; }, kLocal));
}

TEST(SliceTest, attributesCarryItBesideTheWritersOwn) {
  for (const std::string& own : {std::string(), std::string("own\0attributes", 14), std::string(60000, 'x')}) {
    const std::string joined = join_attributes(a_slice(), own);
    EXPECT_LE(joined.size(), kMaxSliceBytes + own.size());
    const Result<SplitAttributes> split = split_attributes(joined, kLocal, {6, 8});
    ASSERT_TRUE(split.ok()) << split.status().to_string();
    EXPECT_EQ(split->slice, a_slice());
    EXPECT_EQ(split->own, own);
  }
}

TEST(SliceTest, theLargestFitsWhatIsSetAside) {
  Slice slice;
  slice.global.rank = kMaxRank;
  slice.global.sizes.fill(UINT64_MAX);
  slice.mesh.rank = kMaxRank;
  slice.mesh.sizes.fill(2);
  slice.coordinates.fill(1);
  Shape local{kMaxRank, {}};
  EXPECT_TRUE(check_slice(slice, local).ok());
  EXPECT_LE(join_attributes(slice, "").size(), kMaxSliceBytes);
  EXPECT_EQ(shard_place(slice), (ShardPlace{65535, 65536}));
  EXPECT_TRUE(split_attributes(join_attributes(slice, ""), local, {65535, 65536}).ok());
}

TEST(SliceTest, otherAttributesAreCorruptAndNeverMore) {
  const std::string joined = join_attributes(a_slice(), "own");
  EXPECT_EQ(split_attributes(joined, kLocal, {5, 8}).status().code(), Code::kCorrupt);
  EXPECT_EQ(split_attributes(joined, {2, {6, 9}}, {6, 8}).status().code(), Code::kCorrupt);
  for (size_t bytes = 0; bytes < joined.size() - 3; ++bytes) {
    EXPECT_EQ(split_attributes(joined.substr(0, bytes), kLocal, {6, 8}).status().code(), Code::kCorrupt) << bytes;
  }
  std::mt19937_64 random(4);
  for (int round = 0; round < 20000; ++round) {
    std::string changed = joined;
    for (uint64_t times = 1 + random() % 4; times > 0; --times) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    const Result<SplitAttributes> split = split_attributes(changed, kLocal, {6, 8});
    if (split.ok()) {
      EXPECT_TRUE(check_slice(split->slice, kLocal).ok());
    } else {
      EXPECT_EQ(split.status().code(), Code::kCorrupt);
    }
  }
}

}  // namespace
}  // namespace windlass
