#include "base/vigil.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

constexpr uint64_t kSoon = 1000;
constexpr uint64_t kLate = Vigil::kUsual.soon_ns + 1;

// Waits so often, each time for so long.
void wait(Vigil& vigil, uint64_t time, int count = 1) {
  for (int i = 0; i < count; ++i) {
    vigil.begin_at(1);
    vigil.end_at(1 + time);
  }
}

// How long one that begins now would look.
uint64_t span_of(Vigil& vigil) {
  vigil.begin_at(1);
  uint64_t span = 0;
  while (vigil.looks_on_at(1 + span)) span += 1000;
  return span;
}

TEST(VigilTest, oneThatHasNotWaitedYetSleepsAtOnce) {
  Vigil vigil(2);
  vigil.begin();
  EXPECT_FALSE(vigil.looks_on());
  EXPECT_EQ(span_of(vigil), 0U);
}

TEST(VigilTest, itLooksForLongerUntilThatIsOfUse) {
  Vigil vigil(2);
  wait(vigil, Vigil::kUsual.soon_ns);
  EXPECT_EQ(span_of(vigil), Vigil::kShortestNs);
  wait(vigil, kSoon, 100);
  EXPECT_EQ(span_of(vigil), Vigil::kShortestNs);
  wait(vigil, 2 * Vigil::kShortestNs);
  EXPECT_EQ(span_of(vigil), 2 * Vigil::kShortestNs);
  wait(vigil, Vigil::kUsual.longest_ns, 100);
  EXPECT_EQ(span_of(vigil), Vigil::kUsual.longest_ns);
}

TEST(VigilTest, thePatientLookForLonger) {
  Vigil vigil(2, Vigil::kPatient);
  wait(vigil, Vigil::kPatient.longest_ns, 100);
  EXPECT_EQ(span_of(vigil), Vigil::kPatient.longest_ns);
  wait(vigil, Vigil::kPatient.soon_ns + 1, 100);
  EXPECT_EQ(span_of(vigil), 0U);
}

TEST(VigilTest, whoeverWaitsLongNeverLooks) {
  Vigil vigil(2);
  wait(vigil, kLate, 1000);
  EXPECT_EQ(span_of(vigil), 0U);
  wait(vigil, kSoon);
  wait(vigil, kLate);
  EXPECT_EQ(span_of(vigil), 0U);
}

TEST(VigilTest, oneInVainAmongManyIsBorne) {
  Vigil vigil(2);
  wait(vigil, Vigil::kUsual.longest_ns, 100);
  for (int i = 0; i < 100; ++i) {
    wait(vigil, kLate);
    wait(vigil, kSoon, 4);
    EXPECT_EQ(span_of(vigil), Vigil::kUsual.longest_ns);
  }
}

TEST(VigilTest, waitsThatAreJustTooLongAreMostlySleptThrough) {
  Vigil vigil(2);
  int looked = 0;
  for (int i = 0; i < 1000; ++i) {
    if (span_of(vigil) != 0) ++looked;
    wait(vigil, Vigil::kUsual.longest_ns + 1);
  }
  EXPECT_LT(looked, 250);
}

TEST(VigilTest, afterARestItTriesAgain) {
  Vigil vigil(2);
  wait(vigil, kSoon);
  wait(vigil, kLate);
  wait(vigil, kSoon, Vigil::kRestWaits);
  EXPECT_EQ(span_of(vigil), 0U);
  wait(vigil, kSoon);
  EXPECT_EQ(span_of(vigil), Vigil::kShortestNs);
}

TEST(VigilTest, oneThatIsInterruptedSleepsForLong) {
  Vigil vigil(2);
  wait(vigil, Vigil::kUsual.longest_ns, 100);
  vigil.begin_at(1);
  EXPECT_TRUE(vigil.looks_on_at(1000));
  EXPECT_FALSE(vigil.looks_on_at(1000 + Vigil::kInterruptionNs));
  vigil.end_at(Vigil::kUsual.longest_ns);
  EXPECT_EQ(span_of(vigil), 0U);
  wait(vigil, kSoon, Vigil::kLongRestWaits - 1);
  EXPECT_EQ(span_of(vigil), 0U);
  wait(vigil, kSoon);
  EXPECT_EQ(span_of(vigil), Vigil::kShortestNs);
}

TEST(VigilTest, whereThereIsOneProcessorNobodyLooks) {
  Vigil vigil(1);
  wait(vigil, kSoon, 100);
  EXPECT_EQ(span_of(vigil), 0U);
}

TEST(VigilTest, itEndsByTheClockToo) {
  Vigil vigil(2);
  wait(vigil, Vigil::kUsual.longest_ns, 100);
  vigil.begin();
  while (vigil.looks_on()) {
  }
  vigil.begin_at(0);
  EXPECT_FALSE(vigil.looks_on());
}

}  // namespace
}  // namespace windlass
