#include "transport/registration_ranges.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace windlass {
namespace {

class RegistrationRangesTest : public testing::Test {
 protected:
  RegisteredSpan& add(uint64_t start, uint64_t end, uint64_t uses = 0) {
    RegisteredSpan& span = spans_.emplace_back();
    span.range = {start, end};
    span.uses = uses;
    ranges_.add(span);
    return span;
  }

  ByteRange merged(ByteRange gap, uint64_t most, size_t expected_neighbours) const {
    std::vector<RegisteredSpan*> neighbours;
    const ByteRange whole = ranges_.merged(gap, most, neighbours);
    EXPECT_EQ(neighbours.size(), expected_neighbours);
    return whole;
  }

  std::list<RegisteredSpan> spans_;
  RegistrationRanges ranges_;
};

TEST_F(RegistrationRangesTest, theFirstGapIsWhatNoneCovers) {
  EXPECT_EQ(ranges_.first_gap({10, 20}), (ByteRange{10, 20}));
  add(12, 14);
  add(14, 16);
  EXPECT_EQ(ranges_.first_gap({10, 20}), (ByteRange{10, 12}));
  EXPECT_EQ(ranges_.first_gap({12, 20}), (ByteRange{16, 20}));
  EXPECT_EQ(ranges_.first_gap({13, 15}), std::nullopt);
  EXPECT_EQ(ranges_.first_gap({16, 17}), (ByteRange{16, 17}));
}

TEST_F(RegistrationRangesTest, aRangeLiesInAllThatOverlapIt) {
  add(0, 10);
  RegisteredSpan& b = add(10, 20);
  RegisteredSpan& c = add(20, 30);
  EXPECT_EQ(ranges_.covering({15, 25}), (std::vector<RegisteredSpan*>{&b, &c}));
  EXPECT_EQ(ranges_.covering({10, 20}), (std::vector<RegisteredSpan*>{&b}));
  ranges_.remove(b);
  EXPECT_EQ(ranges_.first_gap({15, 25}), (ByteRange{15, 20}));
}

TEST_F(RegistrationRangesTest, whatIsPendingIsSeenUntilItEnds) {
  ranges_.begin({10, 20});
  EXPECT_TRUE(ranges_.is_pending({19, 30}));
  EXPECT_TRUE(ranges_.is_pending({0, 11}));
  EXPECT_FALSE(ranges_.is_pending({20, 30}));
  EXPECT_FALSE(ranges_.is_pending({0, 10}));
  ranges_.end({10, 20});
  EXPECT_FALSE(ranges_.is_pending({0, 100}));
}

TEST_F(RegistrationRangesTest, aWindowEndsAtTheMemoryAndAtWhatIsThere) {
  const ByteRange memory{1000, 1950};
  EXPECT_EQ(ranges_.widened({1110, 1120}, 100, memory), (ByteRange{1100, 1200}));
  EXPECT_EQ(ranges_.widened({1110, 1220}, 100, memory), (ByteRange{1100, 1300}));
  EXPECT_EQ(ranges_.widened({1910, 1920}, 100, memory), (ByteRange{1900, 1950}));
  EXPECT_EQ(ranges_.widened({1100, 1200}, 100, memory), (ByteRange{1100, 1200}));
  EXPECT_EQ(ranges_.widened({1110, 1120}, 0, memory), (ByteRange{1110, 1120}));
  add(1100, 1105);
  ranges_.begin({1130, 1140});
  EXPECT_EQ(ranges_.widened({1110, 1120}, 100, memory), (ByteRange{1105, 1130}));
}

TEST_F(RegistrationRangesTest, neighboursThatNobodyUsesComeTogetherWhereTheyAreNoLarger) {
  add(0, 40);
  add(40, 60);
  add(60, 70);
  add(80, 90, 1);
  EXPECT_EQ(merged({70, 80}, 1000, 3), (ByteRange{0, 80})) << "ten and ten, twenty and twenty, forty and forty";
  EXPECT_EQ(merged({70, 80}, 45, 2), (ByteRange{40, 80})) << "no more than the limit";
  EXPECT_EQ(merged({75, 80}, 1000, 0), (ByteRange{75, 80})) << "only neighbours";
  EXPECT_EQ(merged({90, 91}, 1000, 0), (ByteRange{90, 91})) << "one is used";
  EXPECT_EQ(merged({70, 71}, 1000, 0), (ByteRange{70, 71})) << "a large one is not registered again for a small one";
}

TEST_F(RegistrationRangesTest, aFailureRefusesWhatIsNoSmallerForAWhile) {
  ranges_.remember_failure({10, 20}, Status::error(Code::kDevice, "broken"), 2, 0);
  EXPECT_TRUE(ranges_.refusal({10, 15}, 0).ok()) << "less may work";
  EXPECT_TRUE(ranges_.refusal({15, 25}, 0).ok());
  const Status refused = ranges_.refusal({10, 20}, 0);
  EXPECT_EQ(refused.code(), Code::kDevice);
  EXPECT_NE(refused.message().find("broken"), std::string_view::npos) << refused.message();
  EXPECT_FALSE(ranges_.refusal({5, 20}, 7).ok());
  EXPECT_TRUE(ranges_.refusal({5, 20}, 7).ok()) << "it was refused twice";
  EXPECT_TRUE(ranges_.refusal({10, 20}, 7).ok());
}

TEST_F(RegistrationRangesTest, whereMemoryWasShortItIsTriedOnceSomeWasGivenBack) {
  ranges_.remember_failure({10, 20}, Status::error(Code::kNoMemory, "short"), 5, 3);
  EXPECT_FALSE(ranges_.refusal({10, 20}, 3).ok());
  EXPECT_TRUE(ranges_.refusal({10, 20}, 4).ok());
}

TEST_F(RegistrationRangesTest, onlySoManyFailuresAreRememberedTheNewest) {
  for (uint64_t i = 0; i <= RegistrationRanges::kMostFailures; ++i) {
    ranges_.remember_failure({i, i + 1}, Status::error(Code::kDevice, "broken"), 5, 0);
  }
  EXPECT_TRUE(ranges_.refusal({0, 1}, 0).ok());
  EXPECT_FALSE(ranges_.refusal({1, 2}, 0).ok());
  ranges_.forget_failures();
  EXPECT_TRUE(ranges_.refusal({1, 2}, 0).ok());
}

}  // namespace
}  // namespace windlass
