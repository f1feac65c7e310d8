#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(ClockTest, monotonicTimeDoesNotGoBack) {
  uint64_t last = now_ns();
  for (int i = 0; i < 1000; ++i) {
    const uint64_t now = now_ns();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(ClockTest, unixTimeIsInThisMillennium) {
  constexpr int64_t kYear2020 = int64_t{1577836800} * 1000000000;
  EXPECT_GT(unix_time_ns(), kYear2020);
}

TEST(ClockTest, lapsAddUpToNoMoreThanTheTotal) {
  Stopwatch stopwatch;
  uint64_t laps = 0;
  for (int i = 0; i < 100; ++i) laps += stopwatch.lap_ns();
  EXPECT_LE(laps, stopwatch.total_ns());
}

}  // namespace
}  // namespace windlass
