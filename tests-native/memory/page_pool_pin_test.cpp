// How a pool pins what it holds. Method: a pinner that keeps book, fails on demand and can be held up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "fake/fake_pinner.hpp"
#include "memory/page_pool.hpp"
#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

using fake::FakePinner;
using testing::HasSubstr;

constexpr uint64_t kPinUnit = kHugePageBytes;
constexpr uint64_t kPinLimit = 16 * kPinUnit;

class PagePoolPinTest : public testing::Test {
 protected:
  ~PagePoolPinTest() override {
    pool_ = nullptr;
    EXPECT_EQ(pinner_->faults(), 0U);
  }

  PageLoan lend(uint64_t bytes) {
    Result<PageLoan> loan = pool_->lend(bytes);
    EXPECT_TRUE(loan.ok()) << loan.status().to_string();
    return loan.ok() ? *std::move(loan) : PageLoan();
  }

  // Lines of the log since the test began.
  std::vector<std::string> logged() {
    std::vector<std::string> lines;
    while (true) {
      Result<LogLine> line = log_->read(std::chrono::nanoseconds(0));
      if (!line.ok()) return lines;
      lines.push_back(line->message);
    }
  }

  std::shared_ptr<LogSubscriber> log_ = LogSubscriber::open(LogLevel::kWarning, 64).value();
  std::shared_ptr<FakePinner> pinner_ = std::make_shared<FakePinner>();
  std::shared_ptr<PagePool> pool_ = PagePool::open({kPinLimit, 2}).value();
};

TEST_F(PagePoolPinTest, whatIsHeldAndWhatComesLaterIsPinned) {
  ASSERT_TRUE(pool_->prepare(3 * kPinUnit).ok());
  EXPECT_EQ(pool_->info().pinned_bytes, 0U);
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  ASSERT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pool_->info().pinned_bytes, 3 * kPinUnit);
  const PageLoan loan = lend(5 * kPinUnit);
  ASSERT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pool_->info().pinned_bytes, 5 * kPinUnit);
  EXPECT_EQ(pinner_->pinned_bytes(), 5 * kPinUnit) << "what is lent is pinned too";
  EXPECT_LE(pool_->info().lent_unpinned_bytes, 2 * kPinUnit) << "at most the part that was got for this loan";
}

TEST_F(PagePoolPinTest, theEndOfThePoolUnpinsAll) {
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  ASSERT_TRUE(pool_->prepare(3 * kPinUnit).ok());
  ASSERT_TRUE(pool_->wait_pinned().ok());
  ASSERT_TRUE(pool_->prepare(6 * kPinUnit).ok());
  pool_ = nullptr;
  EXPECT_EQ(pinner_->pinned_bytes(), 0U);
}

TEST_F(PagePoolPinTest, anEmptyPoolIsPinnedAtOnce) {
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  EXPECT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pinner_->pins(), 0U);
}

TEST_F(PagePoolPinTest, aSecondPinnerIsRefusedAndTheSameOneIsWelcome) {
  EXPECT_EQ(pool_->wait_pinned().code(), Code::kState) << "without any";
  EXPECT_EQ(pool_->pin_with(nullptr).code(), Code::kInvalidArgument);
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  EXPECT_TRUE(pool_->pin_with(pinner_).ok());
  EXPECT_EQ(pool_->pin_with(std::make_shared<FakePinner>()).code(), Code::kState);
}

TEST_F(PagePoolPinTest, preparingAndLendingDoNotWaitForPinning) {
  pinner_->hold();
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  ASSERT_TRUE(pool_->prepare(2 * kPinUnit).ok());
  pinner_->wait_entered();
  ASSERT_TRUE(pool_->prepare(4 * kPinUnit).ok());
  const PageLoan loan = lend(4 * kPinUnit);
  std::memset(loan.extents().front().data(), 1, kPinUnit);
  EXPECT_EQ(pool_->info().lent_unpinned_bytes, 4 * kPinUnit);
  EXPECT_EQ(pool_->info().pinned_bytes, 0U);
  pinner_->let_go();
  ASSERT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pool_->info().pinned_bytes, 4 * kPinUnit);
}

TEST_F(PagePoolPinTest, loansAreGivenPinnedPagesFirst) {
  // Method: two blocks of four units, of which only one is pinned; a loan that fits into it, then one that does not.
  ASSERT_TRUE(pool_->prepare(4 * kPinUnit).ok());
  ASSERT_TRUE(pool_->prepare(8 * kPinUnit).ok());
  pinner_->fail_pin(2, Code::kNoMemory);
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  EXPECT_FALSE(pool_->wait_pinned().ok());
  ASSERT_EQ(pinner_->pinned_bytes(), 4 * kPinUnit);
  const PageLoan loan = lend(3 * kPinUnit);
  EXPECT_TRUE(pinner_->holds(loan.extents().front().data()));
  EXPECT_EQ(pool_->info().lent_unpinned_bytes, 0U);
  const PageLoan rest = lend(4 * kPinUnit);
  ASSERT_EQ(rest.extents().size(), 2U) << "the unit that is left, and unpinned ones";
  EXPECT_TRUE(pinner_->holds(rest.extents()[0].data()));
  EXPECT_FALSE(pinner_->holds(rest.extents()[1].data()));
  EXPECT_EQ(pool_->info().lent_unpinned_bytes, 3 * kPinUnit);
}

TEST_F(PagePoolPinTest, aFailureIsToldLoggedOnceAndTriedAgainWhenAsked) {
  pinner_->fail_pin(1, Code::kPermission, true);
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  ASSERT_TRUE(pool_->prepare(2 * kPinUnit).ok());
  Status failed = pool_->wait_pinned();
  EXPECT_EQ(failed.code(), Code::kPermission);
  EXPECT_EQ(failed.system_code(), 700);
  EXPECT_THAT(std::string(failed.message()), HasSubstr("4 MiB for fake pinner failed: fake: pin 1 fails"));
  EXPECT_THAT(std::string(failed.message()), HasSubstr("ulimit -l"));
  EXPECT_EQ(pinner_->pins(), 1U);
  ASSERT_TRUE(pool_->prepare(4 * kPinUnit).ok()) << "the pool goes on";
  EXPECT_EQ(lend(4 * kPinUnit).bytes(), 4 * kPinUnit);
  EXPECT_EQ(pinner_->pins(), 1U) << "nobody asked";
  EXPECT_EQ(pool_->wait_pinned().code(), Code::kPermission);
  EXPECT_EQ(pinner_->pins(), 2U);
  EXPECT_EQ(logged().size(), 1U);
  pinner_->fail_pin(1, Code::kDevice);
  EXPECT_EQ(pool_->wait_pinned().code(), Code::kDevice);
  EXPECT_EQ(logged().size(), 1U) << "another cause";
  pinner_->forgive();
  EXPECT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pool_->info().pinned_bytes, 4 * kPinUnit);
  EXPECT_TRUE(logged().empty());
}

TEST_F(PagePoolPinTest, pinWithTriesAgainAfterAFailure) {
  pinner_->fail_pin(1, Code::kNoMemory);
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  ASSERT_TRUE(pool_->prepare(2 * kPinUnit).ok());
  ASSERT_FALSE(pool_->wait_pinned().ok());
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  EXPECT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pinner_->pinned_bytes(), 2 * kPinUnit);
}

TEST_F(PagePoolPinTest, aFailureAtAnyPinLeavesTheOthersPinnedAndTheRestIsPinnedLater) {
  constexpr uint64_t kBlocks = 4;
  for (uint64_t nth = 1; nth <= kBlocks + 1; ++nth) {
    const auto pinner = std::make_shared<FakePinner>();
    const auto pool = PagePool::open({kPinLimit, 1}).value();
    for (uint64_t block = 1; block <= kBlocks; ++block) ASSERT_TRUE(pool->prepare(block * kPinUnit).ok());
    pinner->fail_pin(nth, Code::kNoMemory);
    ASSERT_TRUE(pool->pin_with(pinner).ok());
    EXPECT_EQ(pool->wait_pinned().ok(), nth > kBlocks);
    EXPECT_EQ(pool->info().pinned_bytes, (std::min(nth, kBlocks + 1) - 1) * kPinUnit);
    EXPECT_EQ(pinner->pinned_bytes(), pool->info().pinned_bytes);
    EXPECT_TRUE(pool->wait_pinned().ok());
    EXPECT_EQ(pool->info().pinned_bytes, kBlocks * kPinUnit);
    EXPECT_EQ(pinner->faults(), 0U);
  }
}

TEST_F(PagePoolPinTest, trimmingUnpinsFreeBlocksAndLeavesLentOnes) {
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  const PageLoan loan = lend(2 * kPinUnit);
  ASSERT_TRUE(pool_->prepare(3 * kPinUnit).ok());
  ASSERT_TRUE(pool_->wait_pinned().ok());
  pool_->trim();
  EXPECT_EQ(pool_->info().held_bytes, 2 * kPinUnit);
  EXPECT_EQ(pool_->info().pinned_bytes, 2 * kPinUnit);
  EXPECT_EQ(pinner_->pinned_bytes(), 2 * kPinUnit);
  EXPECT_TRUE(pinner_->holds(loan.extents().front().data()));
}

TEST_F(PagePoolPinTest, trimmingLeavesABlockThatIsBeingPinned) {
  pinner_->hold();
  ASSERT_TRUE(pool_->prepare(kPinUnit).ok());
  ASSERT_TRUE(pool_->prepare(3 * kPinUnit).ok());
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  pinner_->wait_entered();
  pool_->trim();
  EXPECT_EQ(pool_->info().held_bytes, kPinUnit) << "the one that is being pinned; the other was free to go";
  pinner_->let_go();
  ASSERT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pool_->info().pinned_bytes, kPinUnit);
  pool_->trim();
  EXPECT_EQ(pinner_->pinned_bytes(), 0U);
  EXPECT_EQ(pool_->info().held_bytes, 0U);
}

TEST_F(PagePoolPinTest, theEndWaitsForABlockThatIsBeingPinned) {
  pinner_->hold();
  ASSERT_TRUE(pool_->prepare(kPinUnit).ok());
  ASSERT_TRUE(pool_->prepare(3 * kPinUnit).ok());
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  pinner_->wait_entered();
  std::thread ending([&] { pool_ = nullptr; });
  pinner_->let_go();
  ending.join();
  EXPECT_EQ(pinner_->pinned_bytes(), 0U);
}

TEST_F(PagePoolPinTest, pagesThatCannotBeUnpinnedStayWithTheProcess) {
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  std::byte* const address = lend(2 * kPinUnit).extents().front().data();
  ASSERT_TRUE(pool_->wait_pinned().ok());
  std::memset(address, 7, 2 * kPinUnit);
  pinner_->fail_unpin();
  pool_->trim();
  EXPECT_EQ(pool_->info().held_bytes, 0U);
  EXPECT_EQ(pool_->info().pinned_bytes, 0U);
  EXPECT_EQ(pool_->info().quarantined_bytes, 2 * kPinUnit);
  EXPECT_THAT(logged(), testing::ElementsAre(HasSubstr("stay with the process")));
  EXPECT_EQ(address[2 * kPinUnit - 1], std::byte{7}) << "the device may still reach them";
  ASSERT_TRUE(pool_->prepare(kPinUnit).ok());
  ASSERT_TRUE(pool_->wait_pinned().ok());
  pool_ = nullptr;
  EXPECT_EQ(logged().size(), 1U) << "the end, too, keeps what it cannot unpin";
  munmap(address, 2 * kPinUnit);
}

TEST_F(PagePoolPinTest, memoryThatRunsOutWhileAskingToPinIsAnErrorAtMost) {
  for (uint64_t n = 1;; ++n) {
    ASSERT_LT(n, 100U);
    bool fired = false;
    const auto pool = PagePool::open({kPinLimit, 1}).value();
    ASSERT_TRUE(pool->prepare(kPinUnit).ok());
    {
      const test::FailAllocationAfter failing(n);
      (void)pool->pin_with(pinner_);
      (void)pool->wait_pinned();
      fired = failing.fired();
    }
    if (!fired) break;
  }
}

TEST_F(PagePoolPinTest, lendingTrimmingPreparingAndPinningAtOnceIsSafe) {
  // Method: four threads, and a pinner that fails now and then; each borrower writes what it was given.
  ASSERT_TRUE(pool_->pin_with(pinner_).ok());
  std::atomic<int> wrong = 0;
  const auto borrow = [&](int number) {
    for (uint64_t i = 0; i < 60; ++i) {
      Result<PageLoan> loan = pool_->lend((i % 3 + 1) * kPinUnit);
      if (!loan.ok()) {
        ++wrong;
        continue;
      }
      for (const std::span<std::byte> extent : loan->extents()) std::memset(extent.data(), number, 4096);
      for (const std::span<std::byte> extent : loan->extents()) {
        if (extent.front() != std::byte(number)) ++wrong;
      }
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(borrow, 1);
  threads.emplace_back(borrow, 2);
  threads.emplace_back([&] {
    for (int i = 0; i < 60; ++i) {
      (void)pool_->prepare(4 * kPinUnit);
      if (i % 2 == 0) pool_->trim();
      (void)pool_->info();
    }
  });
  threads.emplace_back([&] {
    for (uint64_t i = 0; i < 30; ++i) {
      pinner_->fail_pin(i % 5 + 1, Code::kNoMemory);
      (void)pool_->wait_pinned();
      (void)pool_->pin_with(pinner_);
    }
  });
  for (std::thread& thread : threads) thread.join();
  pinner_->forgive();
  EXPECT_EQ(wrong, 0);
  Status pinned = pool_->wait_pinned();
  if (!pinned.ok()) pinned = pool_->wait_pinned();
  EXPECT_TRUE(pinned.ok()) << pinned.to_string();
  EXPECT_EQ(pool_->info().pinned_bytes, pool_->info().held_bytes);
  EXPECT_EQ(pinner_->pinned_bytes(), pool_->info().pinned_bytes);
  EXPECT_EQ(pool_->info().lent_bytes, 0U);
  EXPECT_EQ(pool_->info().quarantined_bytes, 0U);
}

}  // namespace
}  // namespace windlass
