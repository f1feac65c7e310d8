#include "base/deadline.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

TEST(DeadlineTest, oneInThePastHasExpired) {
  EXPECT_TRUE(Deadline::after(nanoseconds(0)).expired());
  EXPECT_TRUE(Deadline::after(nanoseconds(-5)).expired());
  EXPECT_EQ(Deadline::after(nanoseconds(-5)).remaining(), nanoseconds(0));
  EXPECT_EQ(Deadline::after(nanoseconds(0)).remaining_ms(), 0);
}

TEST(DeadlineTest, oneInTheFutureHasNot) {
  const Deadline deadline = Deadline::after(hours(1));
  EXPECT_FALSE(deadline.expired());
  EXPECT_GT(deadline.remaining(), nanoseconds(0));
  EXPECT_LE(deadline.remaining(), nanoseconds(hours(1)));
  EXPECT_GT(deadline.remaining_ms(), 0);
  EXPECT_LE(deadline.remaining_ms(), 3'600'000);
}

TEST(DeadlineTest, noTimeIsTooLong) {
  const Deadline deadline = Deadline::after(nanoseconds::max());
  EXPECT_FALSE(deadline.expired());
  EXPECT_GT(deadline.remaining(), hours(24 * 365));
  EXPECT_GT(deadline.remaining_ms(), 0);
}

}  // namespace
}  // namespace windlass
