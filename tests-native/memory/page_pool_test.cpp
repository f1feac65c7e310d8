#include "memory/page_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/live_count.hpp"
#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

constexpr uint64_t kUnit = kHugePageBytes;
constexpr uint64_t kLimit = 8 * kUnit;

std::shared_ptr<PagePool> open_pool(uint64_t limit_bytes = kLimit) {
  Result<std::shared_ptr<PagePool>> pool = PagePool::open({limit_bytes, 2});
  EXPECT_TRUE(pool.ok()) << pool.status().to_string();
  return *std::move(pool);
}

PageLoan lend(PagePool& pool, uint64_t bytes) {
  Result<PageLoan> loan = pool.lend(bytes);
  EXPECT_TRUE(loan.ok()) << loan.status().to_string();
  return loan.ok() ? *std::move(loan) : PageLoan();
}

TEST(PagePoolTest, aFreshPoolHoldsNothing) {
  const auto pool = open_pool();
  const PagePoolInfo info = pool->info();
  EXPECT_EQ(info.limit_bytes, kLimit);
  EXPECT_EQ(info.held_bytes, 0U);
  EXPECT_EQ(info.lent_bytes, 0U);
  EXPECT_EQ(info.grown_on_lend, 0U);
  EXPECT_EQ(info.prepared_bytes, 0U);
}

TEST(PagePoolTest, withoutALimitItIsHalfOfTheMachine) {
  const auto pool = open_pool(0);
  EXPECT_GT(pool->info().limit_bytes, 0U);
  EXPECT_EQ(pool->info().limit_bytes % kUnit, 0U);
}

TEST(PagePoolTest, aLimitIsRoundedDownAndOneThatHoldsNothingIsRefused) {
  EXPECT_EQ(open_pool(3 * kUnit + 1)->info().limit_bytes, 3 * kUnit);
  const Status status = PagePool::open({kUnit - 1, 1}).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("2 MiB"));
}

TEST(PagePoolTest, preparedPagesAreHeldAndLentWithoutGrowing) {
  const auto pool = open_pool();
  ASSERT_TRUE(pool->prepare(4 * kUnit).ok());
  EXPECT_EQ(pool->info().held_bytes, 4 * kUnit);
  EXPECT_EQ(pool->info().prepared_bytes, 4 * kUnit);
  const PageLoan loan = lend(*pool, 3 * kUnit);
  EXPECT_EQ(loan.bytes(), 3 * kUnit);
  EXPECT_EQ(pool->info().lent_bytes, 3 * kUnit);
  EXPECT_EQ(pool->info().held_bytes, 4 * kUnit);
  EXPECT_EQ(pool->info().grown_on_lend, 0U);
}

TEST(PagePoolTest, preparingTwiceGetsOnlyWhatIsMissing) {
  const auto pool = open_pool();
  ASSERT_TRUE(pool->prepare(2 * kUnit).ok());
  ASSERT_TRUE(pool->prepare(2 * kUnit).ok());
  EXPECT_EQ(pool->info().held_bytes, 2 * kUnit);
  ASSERT_TRUE(pool->prepare(3 * kUnit + 1).ok());
  EXPECT_EQ(pool->info().held_bytes, 4 * kUnit);
  EXPECT_EQ(pool->info().prepared_bytes, 4 * kUnit);
  ASSERT_TRUE(pool->prepare(0).ok());
}

TEST(PagePoolTest, whatIsLentIsNotCountedAsPrepared) {
  const auto pool = open_pool();
  const PageLoan loan = lend(*pool, 2 * kUnit);
  ASSERT_TRUE(pool->prepare(2 * kUnit).ok());
  EXPECT_EQ(pool->info().held_bytes, 4 * kUnit);
}

TEST(PagePoolTest, aLoanGrowsThePoolAndTellsIt) {
  const auto pool = open_pool();
  const PageLoan loan = lend(*pool, kUnit + 1);
  EXPECT_EQ(loan.bytes(), 2 * kUnit);
  EXPECT_EQ(pool->info().held_bytes, 2 * kUnit);
  EXPECT_EQ(pool->info().grown_on_lend, 1U);
}

TEST(PagePoolTest, aLoanOfNothingIsEmpty) {
  const auto pool = open_pool();
  const PageLoan loan = lend(*pool, 0);
  EXPECT_EQ(loan.bytes(), 0U);
  EXPECT_TRUE(loan.extents().empty());
  EXPECT_EQ(pool->info().held_bytes, 0U);
}

TEST(PagePoolTest, theLimitIsKept) {
  const auto pool = open_pool();
  PageLoan loan = lend(*pool, 6 * kUnit);
  for (const Status& status : {pool->lend(3 * kUnit).status(), pool->prepare(3 * kUnit)}) {
    EXPECT_EQ(status.code(), Code::kNoSpace);
    EXPECT_THAT(std::string(status.message()), HasSubstr("6 MiB asked for with 12 MiB lent, but its limit is 16 MiB"));
  }
  EXPECT_EQ(pool->info().held_bytes, 6 * kUnit);
  EXPECT_TRUE(pool->prepare(2 * kUnit).ok());
  loan.reset();
  EXPECT_EQ(lend(*pool, kLimit).bytes(), kLimit);
  EXPECT_EQ(pool->info().held_bytes, kLimit);
}

TEST(PagePoolTest, sizesThatOverflowAreBeyondTheLimit) {
  const auto pool = open_pool();
  for (const uint64_t bytes : {std::numeric_limits<uint64_t>::max(), uint64_t{1} << 63, kLimit + 1}) {
    EXPECT_EQ(pool->lend(bytes).status().code(), Code::kNoSpace) << bytes;
    EXPECT_EQ(pool->prepare(bytes).code(), Code::kNoSpace) << bytes;
  }
  EXPECT_EQ(pool->info().held_bytes, 0U);
}

TEST(PagePoolTest, moreThanTheMachineHasIsRefusedAndThePoolIsAsBefore) {
  const auto pool = open_pool(uint64_t{1} << 50);
  ASSERT_TRUE(pool->prepare(kUnit).ok());
  EXPECT_EQ(pool->prepare(uint64_t{1} << 49).code(), Code::kNoMemory);
  EXPECT_EQ(pool->lend(uint64_t{1} << 49).status().code(), Code::kNoMemory);
  EXPECT_EQ(pool->info().held_bytes, kUnit);
  EXPECT_EQ(pool->info().lent_bytes, 0U);
  EXPECT_EQ(pool->info().prepared_bytes, kUnit);
  EXPECT_EQ(pool->info().grown_on_lend, 0U);
  EXPECT_EQ(lend(*pool, kUnit).bytes(), kUnit);
}

TEST(PagePoolTest, loansAreAlignedWritableAndApart) {
  const auto pool = open_pool();
  const PageLoan first = lend(*pool, 3 * kUnit);
  const PageLoan second = lend(*pool, 2 * kUnit);
  for (const PageLoan* loan : {&first, &second}) {
    for (const std::span<std::byte> extent : loan->extents()) {
      EXPECT_EQ(reinterpret_cast<uint64_t>(extent.data()) % kUnit, 0U);
      EXPECT_EQ(extent.size() % kUnit, 0U);
      std::memset(extent.data(), loan == &first ? 1 : 2, extent.size());
    }
  }
  for (const std::span<std::byte> extent : first.extents()) {
    EXPECT_EQ(extent.front(), std::byte{1});
    EXPECT_EQ(extent.back(), std::byte{1});
  }
}

TEST(PagePoolTest, returnedPagesAreLentAgain) {
  const auto pool = open_pool();
  const std::byte* address = nullptr;
  {
    const PageLoan loan = lend(*pool, 2 * kUnit);
    address = loan.extents().front().data();
  }
  EXPECT_EQ(pool->info().lent_bytes, 0U);
  EXPECT_EQ(pool->info().held_bytes, 2 * kUnit);
  const PageLoan again = lend(*pool, 2 * kUnit);
  EXPECT_EQ(again.extents().front().data(), address);
}

TEST(PagePoolTest, aLoanMadeOfPiecesHasThemAll) {
  // Method: lend each unit alone, give every second one back, and ask for all that are free.
  const auto pool = open_pool();
  ASSERT_TRUE(pool->prepare(kLimit).ok());
  std::vector<PageLoan> loans;
  for (uint64_t i = 0; i < kLimit / kUnit; ++i) loans.push_back(lend(*pool, kUnit));
  for (size_t i = 0; i < loans.size(); i += 2) loans[i].reset();
  const PageLoan pieces = lend(*pool, kLimit / 2);
  EXPECT_EQ(pieces.bytes(), kLimit / 2);
  std::set<const std::byte*> starts;
  for (const std::span<std::byte> extent : pieces.extents()) starts.insert(extent.data());
  for (size_t i = 1; i < loans.size(); i += 2) EXPECT_FALSE(starts.contains(loans[i].extents().front().data()));
  EXPECT_EQ(pool->info().lent_bytes, kLimit);
  EXPECT_EQ(pool->lend(kUnit).status().code(), Code::kNoSpace);
}

TEST(PagePoolTest, aLoanTakesTheTightestPieceThatIsLargeEnough) {
  const auto pool = open_pool();
  ASSERT_TRUE(pool->prepare(kLimit).ok());
  std::vector<PageLoan> units;
  for (uint64_t i = 0; i < kLimit / kUnit; ++i) units.push_back(lend(*pool, kUnit));
  std::sort(units.begin(), units.end(), [](const PageLoan& a, const PageLoan& b) {
    return a.extents().front().data() < b.extents().front().data();
  });
  // Free: one unit at the front, three in the middle.
  const std::byte* const single = units[0].extents().front().data();
  for (const size_t i : {size_t{0}, size_t{3}, size_t{4}, size_t{5}}) units[i].reset();
  const PageLoan one = lend(*pool, kUnit);
  EXPECT_EQ(one.extents().front().data(), single);
  const PageLoan three = lend(*pool, 3 * kUnit);
  EXPECT_EQ(three.extents().size(), 1U);
}

TEST(PagePoolTest, trimmingGivesFreePagesBackAndLeavesLentOnes) {
  const auto pool = open_pool();
  const PageLoan loan = lend(*pool, 2 * kUnit);
  ASSERT_TRUE(pool->prepare(4 * kUnit).ok());
  pool->trim();
  EXPECT_EQ(pool->info().held_bytes, 2 * kUnit);
  std::memset(loan.extents().front().data(), 1, kUnit);
  EXPECT_EQ(lend(*pool, 4 * kUnit).bytes(), 4 * kUnit);
}

TEST(PagePoolTest, aLoanKeepsThePoolAlive) {
  auto pool = open_pool();
  PageLoan loan = lend(*pool, kUnit);
  pool.reset();
  EXPECT_EQ(LiveCount::of(Kind::kPagePool), 1U);
  std::memset(loan.extents().front().data(), 1, kUnit);
  loan.reset();
  EXPECT_EQ(LiveCount::of(Kind::kPagePool), 0U);
}

TEST(PagePoolTest, aMovedLoanIsGivenBackOnce) {
  const auto pool = open_pool();
  PageLoan first = lend(*pool, kUnit);
  PageLoan second = std::move(first);
  EXPECT_EQ(pool->info().lent_bytes, kUnit);
  second = lend(*pool, 2 * kUnit);
  EXPECT_EQ(pool->info().lent_bytes, 2 * kUnit);
  second.reset();
  second.reset();
  EXPECT_EQ(pool->info().lent_bytes, 0U);
}

TEST(PagePoolTest, memoryThatRunsOutLeavesThePoolAsItWas) {
  const auto pool = open_pool();
  PageLoan kept = lend(*pool, kUnit);
  for (const bool prepares : {false, true}) {
    for (uint64_t n = 1;; ++n) {
      ASSERT_LT(n, 200U);
      pool->trim();
      const PagePoolInfo before = pool->info();
      bool failed = false;
      {
        const test::FailAllocationAfter failing(n);
        try {
          const bool done = prepares ? pool->prepare(3 * kUnit).ok() : pool->lend(3 * kUnit).ok();
          failed = !done;
          EXPECT_TRUE(done || failing.fired());
        } catch (const std::bad_alloc&) {
          failed = true;
        }
      }
      EXPECT_EQ(pool->info().lent_bytes, before.lent_bytes);
      EXPECT_LE(pool->info().held_bytes, before.held_bytes + 3 * kUnit);
      if (!failed) break;
    }
    pool->trim();
    EXPECT_EQ(lend(*pool, 7 * kUnit).bytes(), 7 * kUnit);
  }
}

TEST(PagePoolTest, borrowersOfManyThreadsNeverShareAPage) {
  const auto pool = open_pool();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 50; ++i) {
        Result<PageLoan> loan = pool->lend((i % 2 + 1) * kUnit);
        if (!loan.ok()) {
          ++wrong;
          continue;
        }
        for (const std::span<std::byte> extent : loan->extents()) {
          std::memset(extent.data(), t, 4096);
          std::memset(extent.data() + extent.size() - 4096, t, 4096);
        }
        for (const std::span<std::byte> extent : loan->extents()) {
          if (extent.front() != std::byte(t) || extent.back() != std::byte(t)) ++wrong;
        }
        if (i % 10 == 0) pool->trim();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(pool->info().lent_bytes, 0U);
  EXPECT_LE(pool->info().held_bytes, kLimit);
}

TEST(PagePoolTest, aLoanThatShrinksGivesItsEndBack) {
  const auto pool = PagePool::open({16 * kMiB, 2}).value();
  ASSERT_TRUE(pool->prepare(16 * kMiB).ok());
  // Two loans of one unit leave the rest in pieces.
  std::vector<PageLoan> loans;
  for (int unit = 0; unit < 8; ++unit) loans.push_back(pool->lend(kHugePageBytes).value());
  for (const size_t unit : {0U, 1U, 3U, 4U, 5U, 7U}) loans[unit].reset();
  PageLoan loan = pool->lend(6 * kHugePageBytes).value();
  const std::byte* const first = loan.extents()[0].data();
  for (const uint64_t units : {5U, 3U, 2U, 1U, 0U}) {
    loan.shrink(units == 0 ? 0 : units * kHugePageBytes - 5);
    EXPECT_EQ(loan.bytes(), units * kHugePageBytes);
    EXPECT_EQ(pool->info().lent_bytes, (units + 2) * kHugePageBytes);
    if (units != 0) {
      EXPECT_EQ(loan.extents()[0].data(), first);
    }
  }
  loan.shrink(kMiB);
  EXPECT_EQ(loan.bytes(), 0U);
  EXPECT_TRUE(pool->lend(6 * kHugePageBytes).ok());
}

}  // namespace
}  // namespace windlass
