#include "backup/tiered_backup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_backup.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

using Bytes = std::vector<std::byte>;
using Shares = std::vector<uint64_t>;

constexpr uint64_t kTieredBytes = 15 * kMiB + 777;

std::unique_ptr<Backup> pageable(bool retain = false) {
  return std::make_unique<HostBackup>(HostBackupOptions{retain, false});
}

class TieredBackupTest : public testing::Test {
 protected:
  using Controls = fake::FakeBackup::Controls;

  TieredBackupTest() {
    EXPECT_TRUE(allocation_->commit(nullptr).ok());
    put(image_);
  }

  std::unique_ptr<Backup> failing(const std::shared_ptr<Controls>& controls) {
    return std::make_unique<fake::FakeBackup>(pageable(), controls);
  }
  static std::unique_ptr<TieredBackup> open(std::unique_ptr<Backup> first, std::shared_ptr<TierBudget> budget,
                                            std::unique_ptr<Backup> second) {
    std::vector<Tier> tiers;
    tiers.push_back({std::move(first), std::move(budget)});
    tiers.push_back({std::move(second), nullptr});
    return TieredBackup::open(std::move(tiers)).value();
  }

  void put(const Bytes& bytes) {
    EXPECT_TRUE(device_->copy_in(allocation_->address(), bytes.data(), bytes.size()).ok());
  }
  Bytes content() {
    Bytes bytes(kTieredBytes);
    EXPECT_TRUE(device_->copy_out(bytes.data(), allocation_->address(), bytes.size()).ok());
    return bytes;
  }
  Status save(Backup& backup) {
    if (Status room = backup.prepare(kTieredBytes); !room.ok()) return room;
    if (Status saved = backup.save(*device_, allocation_->address(), 0, kTieredBytes); !saved.ok()) return saved;
    return backup.settle();
  }
  Status restore(Backup& backup) { return backup.restore(*device_, allocation_->address(), 0, kTieredBytes); }

  const Bytes image_ = test::pattern(kTieredBytes, 40);
  std::shared_ptr<EmulatedDevice> device_ = EmulatedDevice::open({64 * kMiB, 2}).value();
  std::unique_ptr<Allocation> allocation_ = Allocation::open(device_, kTieredBytes, 4 * kMiB).value();
  std::shared_ptr<Controls> first_ = std::make_shared<Controls>();
  std::shared_ptr<Controls> second_ = std::make_shared<Controls>();
};

TEST_F(TieredBackupTest, theFirstTierTakesItsBudgetAndTheNextTheRest) {
  const auto budget = std::make_shared<TierBudget>(7 * kMiB);
  const auto backup = open(pageable(), budget, pageable());
  ASSERT_TRUE(save(*backup).ok());
  EXPECT_EQ(backup->share_bytes(), (Shares{6 * kMiB, kTieredBytes - 6 * kMiB}));
  EXPECT_EQ(budget->taken_bytes(), 6 * kMiB);
  EXPECT_EQ(backup->settled_bytes(), kTieredBytes);
  EXPECT_EQ(backup->held_bytes(), 6 * kMiB + round_up(kTieredBytes - 6 * kMiB, kHugePageBytes));
  put(Bytes(kTieredBytes));
  ASSERT_TRUE(restore(*backup).ok());
  EXPECT_TRUE(test::same_bytes(content(), image_));
  backup->release();
  EXPECT_EQ(budget->taken_bytes(), 0U);
  EXPECT_EQ(backup->held_bytes(), 0U);
  EXPECT_EQ(backup->share_bytes(), (Shares{0, 0}));
}

TEST_F(TieredBackupTest, anImageThatFitsTheFirstTierLeavesTheOthersAlone) {
  const auto backup = open(pageable(), std::make_shared<TierBudget>(64 * kMiB), failing(second_));
  ASSERT_TRUE(save(*backup).ok());
  EXPECT_EQ(backup->share_bytes(), (Shares{kTieredBytes, 0}));
  EXPECT_EQ(second_->steps, 0U);
}

TEST_F(TieredBackupTest, aBudgetIsSharedAndComesBackWithItsOwner) {
  const auto budget = std::make_shared<TierBudget>(20 * kMiB);
  auto one = open(pageable(), budget, pageable());
  auto two = open(pageable(), budget, pageable());
  ASSERT_TRUE(one->prepare(kTieredBytes).ok());
  ASSERT_TRUE(two->prepare(kTieredBytes).ok());
  EXPECT_EQ(one->share_bytes()[0], kTieredBytes);
  EXPECT_EQ(two->share_bytes()[0], 4 * kMiB);
  EXPECT_EQ(budget->taken_bytes(), 20 * kMiB);
  one.reset();
  two.reset();
  EXPECT_EQ(budget->taken_bytes(), 0U);
}

TEST_F(TieredBackupTest, aTierThatIsFullIsAskedForLessAndPassedOver) {
  struct Case {
    uint64_t room_bytes;
    uint64_t share_bytes;
  };
  for (const Case each : {Case{8 * kMiB, 6 * kMiB}, Case{2 * kMiB, 2 * kMiB}, Case{kMiB, 0}}) {
    const auto budget = std::make_shared<TierBudget>(32 * kMiB);
    first_->most_prepare_bytes = each.room_bytes;
    const auto backup = open(failing(first_), budget, pageable());
    ASSERT_TRUE(save(*backup).ok());
    EXPECT_EQ(backup->share_bytes()[0], each.share_bytes);
    EXPECT_EQ(budget->taken_bytes(), each.share_bytes) << "what the tier had no room for is for others";
    put(Bytes(kTieredBytes));
    ASSERT_TRUE(restore(*backup).ok());
    EXPECT_TRUE(test::same_bytes(content(), image_));
    put(image_);
  }
}

TEST_F(TieredBackupTest, aPoolsLimitIsABudget) {
  const auto pool = PagePool::open({8 * kMiB, 2}).value();
  const auto backup = open(std::make_unique<HostBackup>(pool, HostBackupOptions{}), nullptr, pageable());
  ASSERT_TRUE(save(*backup).ok());
  EXPECT_GT(backup->share_bytes()[0], 0U);
  EXPECT_EQ(pool->info().lent_bytes, backup->share_bytes()[0]);
  backup->release();
  EXPECT_EQ(pool->info().lent_bytes, 0U);
}

TEST_F(TieredBackupTest, whenTheLastTierHasNoRoomNothingIsHeldAndItIsNamed) {
  const auto budget = std::make_shared<TierBudget>(4 * kMiB);
  second_->most_prepare_bytes = kMiB;
  const auto backup = open(pageable(), budget, failing(second_));
  Status room = backup->prepare(kTieredBytes);
  EXPECT_EQ(room.code(), Code::kNoSpace);
  EXPECT_NE(room.message().find("tier 2 of 2 (fake)"), std::string_view::npos) << room.message();
  EXPECT_EQ(backup->held_bytes(), 0U);
  EXPECT_EQ(budget->taken_bytes(), 0U);
}

TEST_F(TieredBackupTest, aTierThatFailsOtherwiseIsNotPassedOver) {
  first_->fail_always("prepare");
  const auto backup = open(failing(first_), std::make_shared<TierBudget>(4 * kMiB), pageable());
  Status room = backup->prepare(kTieredBytes);
  EXPECT_EQ(room.code(), Code::kIo);
  EXPECT_NE(room.message().find("tier 1 of 2"), std::string_view::npos) << room.message();
  EXPECT_EQ(backup->held_bytes(), 0U);
}

TEST_F(TieredBackupTest, aFailureOfAnyTierAtAnyStepLosesNothing) {
  for (const auto& controls : {first_, second_}) {
    for (uint64_t step = 1;; ++step) {
      const auto backup = open(failing(first_), std::make_shared<TierBudget>(6 * kMiB), failing(second_));
      controls->fail_at(step);
      if (!save(*backup).ok()) {
        const uint64_t settled = backup->settled_bytes() / kHugePageBytes * kHugePageBytes;
        put(Bytes(kTieredBytes));
        ASSERT_TRUE(backup->restore(*device_, allocation_->address(), 0, settled).ok());
        const Bytes now = content();
        ASSERT_TRUE(test::lies_at(std::span(now).first(settled), image_, 0));
        backup->release();
        ASSERT_EQ(backup->held_bytes(), 0U);
        put(image_);
        ASSERT_TRUE(save(*backup).ok());
      }
      put(Bytes(kTieredBytes));
      if (!restore(*backup).ok()) {
        ASSERT_TRUE(restore(*backup).ok());
      }
      ASSERT_TRUE(test::same_bytes(content(), image_));
      put(image_);
      if (!controls->failed()) break;
    }
    controls->forgive();
  }
}

TEST_F(TieredBackupTest, settledIsWhatIsSettledFromTheStartOn) {
  first_->settles_late = true;
  const auto backup = open(failing(first_), std::make_shared<TierBudget>(6 * kMiB), pageable());
  ASSERT_TRUE(backup->prepare(kTieredBytes).ok());
  EXPECT_EQ(backup->settled_bytes(), 0U);
  ASSERT_TRUE(backup->save(*device_, allocation_->address(), 0, kTieredBytes).ok());
  EXPECT_EQ(backup->settled_bytes(), 0U) << "the second tier has all, the first nothing yet";
  ASSERT_TRUE(backup->settle().ok());
  EXPECT_EQ(backup->settled_bytes(), kTieredBytes);
}

TEST_F(TieredBackupTest, retainedTiersKeepTheirSharesFromPauseToPause) {
  const auto budget = std::make_shared<TierBudget>(6 * kMiB);
  const auto backup = open(pageable(true), budget, pageable(true));
  EXPECT_TRUE(backup->retains());
  ASSERT_TRUE(save(*backup).ok());
  const std::byte* const place = backup->view(0).data();
  backup->release();
  EXPECT_EQ(budget->taken_bytes(), 6 * kMiB);
  ASSERT_TRUE(save(*backup).ok());
  EXPECT_EQ(backup->view(0).data(), place);
  ASSERT_TRUE(backup->prepare(4 * kMiB).ok()) << "an image of another size is split anew";
  EXPECT_EQ(backup->share_bytes(), (Shares{4 * kMiB, 0}));
}

TEST_F(TieredBackupTest, aMixOfRetainingAndOthersRetainsNothing) {
  const auto backup = open(pageable(true), std::make_shared<TierBudget>(6 * kMiB), pageable());
  EXPECT_FALSE(backup->retains());
}

TEST_F(TieredBackupTest, tiersThatMakeNoSenseAreRefused) {
  EXPECT_EQ(TieredBackup::open({}).status().code(), Code::kInvalidArgument);
  std::vector<Tier> dropping;
  dropping.push_back({std::make_unique<NoBackup>(), nullptr});
  EXPECT_EQ(TieredBackup::open(std::move(dropping)).status().code(), Code::kInvalidArgument);
}

TEST_F(TieredBackupTest, theLastTiersBudgetIsALimitToo) {
  const auto budget = std::make_shared<TierBudget>(kTieredBytes - kHugePageBytes);
  std::vector<Tier> limited;
  limited.push_back({pageable(), budget});
  const auto backup = TieredBackup::open(std::move(limited)).value();
  const Status refused = backup->prepare(kTieredBytes);
  EXPECT_EQ(refused.code(), Code::kNoSpace);
  EXPECT_NE(refused.message().find("raise the budget"), std::string::npos) << refused.message();
  EXPECT_EQ(budget->taken_bytes(), 0U);
  EXPECT_TRUE(backup->prepare(kTieredBytes / 2).ok());
}

TEST_F(TieredBackupTest, whatIsBeyondTheImageIsRefused) {
  const auto backup = open(pageable(), std::make_shared<TierBudget>(6 * kMiB), pageable());
  EXPECT_EQ(backup->save(*device_, allocation_->address(), 0, kMiB).code(), Code::kInvalidArgument);
  ASSERT_TRUE(save(*backup).ok());
  Bytes out(kMiB);
  EXPECT_EQ(backup->read(kTieredBytes - 1, out.data(), 2).code(), Code::kInvalidArgument);
  EXPECT_TRUE(backup->view(kTieredBytes).empty());
  EXPECT_EQ(backup->view(kTieredBytes - 5).size(), 5U) << "what lies behind the image is not part of it";
}

TEST(TierBudgetTest, manyThreadsTakeNoMoreThanThereIs) {
  TierBudget budget(64 * kMiB);
  {
    std::vector<std::jthread> users;
    for (int user = 0; user < 4; ++user) {
      users.emplace_back([&] {
        for (int round = 0; round < 2000; ++round) {
          const uint64_t taken = budget.take(24 * kMiB - 1);
          EXPECT_EQ(taken % kHugePageBytes, 0U);
          const uint64_t seen = budget.taken_bytes();
          EXPECT_LE(seen, budget.limit_bytes());
          budget.give_back(taken);
        }
      });
    }
  }
  EXPECT_EQ(budget.taken_bytes(), 0U);
}

}  // namespace
}  // namespace windlass
