#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace windlass {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(BytesTest, roundingUpGivesTheNextMultiple) {
  EXPECT_EQ(round_up(0, kMiB), 0U);
  EXPECT_EQ(round_up(1, kMiB), kMiB);
  EXPECT_EQ(round_up(kMiB, kMiB), kMiB);
  EXPECT_EQ(round_up(kMiB + 1, kMiB), 2 * kMiB);
  EXPECT_EQ(round_up(5, 1), 5U);
}

TEST(BytesTest, roundingUpBeyondTheLargestNumberIsZero) {
  EXPECT_EQ(round_up(kMax, kMiB), 0U);
  EXPECT_EQ(round_up(kMax - kMiB + 2, kMiB), 0U);
  EXPECT_EQ(round_up(kMax - kMiB + 1, kMiB), kMax - kMiB + 1);
  EXPECT_EQ(round_up(kMax, 1), kMax);
}

TEST(BytesTest, powersOfTwoHaveOneBit) {
  EXPECT_FALSE(is_power_of_two(0));
  EXPECT_TRUE(is_power_of_two(1));
  EXPECT_FALSE(is_power_of_two(3));
  EXPECT_TRUE(is_power_of_two(uint64_t{1} << 63));
  EXPECT_FALSE(is_power_of_two(kMax));
}

TEST(BytesTest, aRangeIsWithinOnlyIfItsEndIs) {
  EXPECT_TRUE(in_range(0, 0, 0));
  EXPECT_TRUE(in_range(0, 10, 10));
  EXPECT_TRUE(in_range(10, 0, 10));
  EXPECT_FALSE(in_range(10, 1, 10));
  EXPECT_FALSE(in_range(11, 0, 10));
  EXPECT_FALSE(in_range(1, kMax, 10)) << "the sum overflows";
  EXPECT_FALSE(in_range(kMax, kMax, kMax - 1));
}

}  // namespace
}  // namespace windlass
