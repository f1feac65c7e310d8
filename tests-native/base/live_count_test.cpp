#include "base/live_count.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace windlass {
namespace {

TEST(LiveCountTest, anObjectCountsForAsLongAsItExists) {
  const uint64_t before = LiveCount::of(Kind::kLog);
  {
    const LiveCount one(Kind::kLog);
    const LiveCount two(Kind::kLog);
    EXPECT_EQ(LiveCount::of(Kind::kLog), before + 2);
  }
  EXPECT_EQ(LiveCount::of(Kind::kLog), before);
}

TEST(LiveCountTest, kindsAreCountedApart) {
  const LiveCount region(Kind::kRegion);
  EXPECT_EQ(LiveCount::of(Kind::kRegion), 1U);
  EXPECT_EQ(LiveCount::of(Kind::kDevice), 0U);
  EXPECT_EQ(LiveCount::of(Kind::kPagePool), 0U);
}

TEST(LiveCountTest, threadsDoNotLoseCounts) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) const LiveCount passing(Kind::kDevice);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(LiveCount::of(Kind::kDevice), 0U);
}

TEST(LiveCountTest, everyKindHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int32_t kind = 1; kind <= kLastKind; ++kind) names.insert(kind_name(static_cast<Kind>(kind)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kLastKind));
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_STREQ(kind_name(static_cast<Kind>(0)), "unknown");
  EXPECT_STREQ(kind_name(static_cast<Kind>(kLastKind + 1)), "unknown");
}

}  // namespace
}  // namespace windlass
