#include "backup/host_backup.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

class HostBackupTest : public testing::Test {
 protected:
  static constexpr uint64_t kBytes = 8 * kMiB;

  HostBackupTest() { EXPECT_TRUE(allocation_->commit(nullptr).ok()); }

  Status save(HostBackup& backup) {
    if (Status room = backup.prepare(kBytes); !room.ok()) return room;
    return backup.save(*device_, allocation_->address(), 0, kBytes);
  }
  Status restore(HostBackup& backup) { return backup.restore(*device_, allocation_->address(), 0, kBytes); }

  std::shared_ptr<EmulatedDevice> device_ = EmulatedDevice::open({64 * kMiB, 2}).value();
  std::unique_ptr<Allocation> allocation_ = Allocation::open(device_, kBytes, 4 * kMiB).value();
};

TEST_F(HostBackupTest, aVerifiedBackupNamesTheDamagedBlock) {
  HostBackup backup({.retain = false, .verify = true});
  ASSERT_TRUE(save(backup).ok());
  std::byte& damaged = backup.extents()[0][5 * kMiB];
  damaged ^= std::byte{1};
  Status restored = restore(backup);
  EXPECT_EQ(restored.code(), Code::kCorrupt);
  EXPECT_NE(restored.message().find("offset 4194304"), std::string_view::npos) << restored.message();
  damaged ^= std::byte{1};
  EXPECT_TRUE(restore(backup).ok()) << "the rest was kept";
}

TEST_F(HostBackupTest, withoutVerifyDamagePassesUnseen) {
  HostBackup backup({.retain = false, .verify = false});
  ASSERT_TRUE(save(backup).ok());
  backup.extents()[0][0] ^= std::byte{1};
  EXPECT_TRUE(restore(backup).ok());
}

TEST_F(HostBackupTest, aPoolThatIsTooSmallRefusesAndIsLeftAsItWas) {
  const auto pool = PagePool::open({4 * kMiB, 2}).value();
  HostBackup backup(pool, {});
  Status room = backup.prepare(kBytes);
  EXPECT_EQ(room.code(), Code::kNoSpace);
  EXPECT_EQ(pool->info().lent_bytes, 0U);
  EXPECT_EQ(backup.held_bytes(), 0U);
}

TEST_F(HostBackupTest, aPooledBackupBorrowsWithoutGrowingWhatWasPrepared) {
  const auto pool = PagePool::open({64 * kMiB, 2}).value();
  ASSERT_TRUE(pool->prepare(kBytes).ok());
  for (int cycle = 0; cycle < 3; ++cycle) {
    HostBackup backup(pool, {});
    ASSERT_TRUE(save(backup).ok());
    EXPECT_EQ(pool->info().lent_bytes, kBytes);
    backup.release();
    EXPECT_EQ(pool->info().lent_bytes, 0U);
  }
  EXPECT_EQ(pool->info().grown_on_lend, 0U);
  EXPECT_EQ(pool->info().held_bytes, kBytes);
}

TEST_F(HostBackupTest, anImageInScatteredPiecesOfAPoolIsWhole) {
  // Goal: an image that crosses pieces. Method: borrow every second unit first, so that only single units are free.
  const auto pool = PagePool::open({16 * kMiB, 2}).value();
  ASSERT_TRUE(pool->prepare(16 * kMiB).ok());
  std::vector<PageLoan> loans;
  for (int unit = 0; unit < 8; ++unit) loans.push_back(pool->lend(kHugePageBytes).value());
  for (size_t unit = 0; unit < 8; unit += 2) loans[unit].reset();
  HostBackup backup(pool, {.retain = false, .verify = true});
  std::vector<std::byte> bytes(kBytes);
  for (size_t at = 0; at < bytes.size(); ++at) bytes[at] = static_cast<std::byte>(at * 7 / 4096);
  ASSERT_TRUE(device_->copy_in(allocation_->address(), bytes.data(), kBytes).ok());
  ASSERT_TRUE(save(backup).ok());
  EXPECT_EQ(backup.extents().size(), 4U);
  ASSERT_TRUE(allocation_->decommit().ok());
  ASSERT_TRUE(allocation_->commit(nullptr).ok());
  ASSERT_TRUE(restore(backup).ok());
  std::vector<std::byte> restored(kBytes);
  ASSERT_TRUE(device_->copy_out(restored.data(), allocation_->address(), kBytes).ok());
  EXPECT_TRUE(test::same_bytes(restored, bytes));
}

TEST_F(HostBackupTest, aRetainedBackupKeepsItsMemoryInPlace) {
  HostBackup backup({.retain = true, .verify = false});
  ASSERT_TRUE(save(backup).ok());
  const std::byte* const place = backup.extents()[0].data();
  backup.release();
  ASSERT_TRUE(save(backup).ok());
  EXPECT_EQ(backup.extents()[0].data(), place);
}

TEST_F(HostBackupTest, settlingGivesUpWhatWasNotSavedTo) {
  const auto pool = PagePool::open({64 * kMiB, 2}).value();
  for (const bool pooled : {false, true}) {
    HostBackup backup = pooled ? HostBackup(pool, {}) : HostBackup({});
    ASSERT_TRUE(backup.prepare(32 * kMiB).ok());
    ASSERT_TRUE(backup.save(*device_, allocation_->address(), 0, 3 * kMiB).ok());
    ASSERT_TRUE(backup.settle().ok());
    EXPECT_EQ(backup.held_bytes(), 4 * kMiB);
    EXPECT_EQ(backup.view(0).size(), 4 * kMiB);
    EXPECT_TRUE(backup.view(4 * kMiB).empty());
    EXPECT_EQ(pool->info().lent_bytes, pooled ? 4 * kMiB : 0);
    EXPECT_TRUE(backup.restore(*device_, allocation_->address(), 0, 3 * kMiB).ok());
    EXPECT_EQ(backup.save(*device_, allocation_->address(), 4 * kMiB, 2 * kMiB).code(), Code::kState);
    ASSERT_TRUE(backup.prepare(32 * kMiB).ok()) << "the next image may be larger again";
    EXPECT_EQ(backup.held_bytes(), 32 * kMiB);
    backup.release();
    EXPECT_EQ(backup.held_bytes(), 0U);
  }
}

TEST_F(HostBackupTest, aRetainedBackupSettlesAndKeepsItsRoom) {
  HostBackup backup({.retain = true, .verify = false});
  ASSERT_TRUE(backup.prepare(32 * kMiB).ok());
  ASSERT_TRUE(backup.save(*device_, allocation_->address(), 0, 2 * kMiB).ok());
  ASSERT_TRUE(backup.settle().ok());
  EXPECT_EQ(backup.held_bytes(), 32 * kMiB);
}

}  // namespace
}  // namespace windlass
