#include "region/region.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "support/allocation_failure.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

constexpr uint64_t kRegionBytes = 5 * kMiB + 4321;
constexpr uint64_t kChunkBytes = 2 * kMiB;

std::vector<std::byte> pattern(uint64_t seed) { return test::pattern(kRegionBytes, seed); }

class RegionTest : public testing::Test {
 protected:
  std::shared_ptr<Region> open(std::unique_ptr<Backup> backup) {
    return Region::open(fake_, kRegionBytes, std::move(backup), {.chunk_bytes = kChunkBytes}).value();
  }
  static std::unique_ptr<Backup> pageable(bool verify = false) {
    return std::make_unique<HostBackup>(HostBackupOptions{false, verify});
  }
  static std::vector<std::byte> content(Region& region) {
    std::vector<std::byte> bytes(kRegionBytes);
    EXPECT_TRUE(region.read(0, bytes.data(), bytes.size()).ok());
    return bytes;
  }
  static void fill(Region& region, const std::vector<std::byte>& bytes) {
    ASSERT_TRUE(region.write(0, bytes.data(), bytes.size()).ok());
  }
  uint64_t used() const { return real_->memory().value().used_bytes; }

  std::shared_ptr<EmulatedDevice> real_ = EmulatedDevice::open({64 * kMiB, 2}).value();
  std::shared_ptr<fake::FakeDevice> fake_ = std::make_shared<fake::FakeDevice>(real_);
};

TEST_F(RegionTest, aPausedRegionComesBackAtTheSameAddressWithTheSameBytes) {
  const auto region = open(pageable());
  const uint64_t address = region->info().address;
  const auto bytes = pattern(1);
  fill(*region, bytes);

  const PauseReport paused = region->pause().value();
  EXPECT_EQ(paused.saved_bytes, kRegionBytes);
  EXPECT_EQ(paused.freed_bytes, 6 * kMiB) << "size rounded up, as measured";
  EXPECT_EQ(paused.generation, 2U);
  EXPECT_EQ(used(), 0U);
  EXPECT_EQ(region->info().state, RegionState::kPaused);
  EXPECT_EQ(region->info().mapped_bytes, 0U);
  EXPECT_GE(region->info().backup_bytes, kRegionBytes);

  const ResumeReport resumed = region->resume().value();
  EXPECT_EQ(resumed.restored_bytes, kRegionBytes);
  EXPECT_EQ(resumed.taken_bytes, 6 * kMiB);
  EXPECT_EQ(resumed.generation, 2U);
  EXPECT_EQ(region->info().address, address);
  EXPECT_EQ(region->info().backup_bytes, 0U) << "a pageable backup gives its memory back";
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
}

TEST_F(RegionTest, phaseTimesAddUpToNoMoreThanTheTotal) {
  const auto region = open(pageable());
  const PauseReport paused = region->pause().value();
  EXPECT_LE(paused.drain_ns + paused.prepare_ns + paused.copy_ns + paused.release_ns, paused.total_ns);
  const ResumeReport resumed = region->resume().value();
  EXPECT_LE(resumed.map_ns + resumed.copy_ns + resumed.release_ns, resumed.total_ns);
}

TEST_F(RegionTest, statesAreCheckedAndNamed) {
  const auto region = open(pageable());
  EXPECT_EQ(region->resume().status().code(), Code::kState);
  ASSERT_TRUE(region->pause().ok());
  Status twice = region->pause().status();
  EXPECT_EQ(twice.code(), Code::kState);
  EXPECT_NE(twice.message().find("is paused"), std::string_view::npos) << twice.message();
  std::byte byte{};
  EXPECT_EQ(region->read(0, &byte, 1).code(), Code::kState);
  EXPECT_EQ(region->write(0, &byte, 1).code(), Code::kState);
  EXPECT_EQ(region->acknowledge().code(), Code::kState);
}

TEST_F(RegionTest, sizesThatAreNoneOrTooLargeAreRefused) {
  const auto refused = [&](uint64_t bytes) { return Region::open(fake_, bytes, pageable()).status().code(); };
  EXPECT_EQ(refused(0), Code::kInvalidArgument);
  EXPECT_EQ(refused(std::numeric_limits<uint64_t>::max()), Code::kInvalidArgument);
  EXPECT_EQ(refused(65 * kMiB), Code::kNoMemory);
  EXPECT_EQ(refused(uint64_t{1} << 47), Code::kNoMemory) << "more than there are addresses for";
  Status beyond = Region::open(fake_, 65 * kMiB, pageable()).status();
  EXPECT_NE(beyond.message().find("64 MiB of 64 MiB free"), std::string_view::npos) << beyond.message();
  EXPECT_EQ(used(), 0U);
}

TEST_F(RegionTest, accessOutsideTheRegionIsRefused) {
  const auto region = open(pageable());
  std::byte byte{};
  EXPECT_EQ(region->read(kRegionBytes, &byte, 1).code(), Code::kInvalidArgument);
  EXPECT_EQ(region->read(std::numeric_limits<uint64_t>::max(), &byte, 2).code(), Code::kInvalidArgument);
  EXPECT_EQ(region->write(kRegionBytes - 1, &byte, 2).code(), Code::kInvalidArgument);
  EXPECT_EQ(region->write(0, nullptr, 1).code(), Code::kInvalidArgument);
  EXPECT_TRUE(region->read(kRegionBytes, nullptr, 0).ok()) << "nothing, at the end, is in range";
}

TEST_F(RegionTest, withoutBackupTheContentIsUndefinedUntilWrittenOrAcknowledged) {
  const auto region = open(std::make_unique<NoBackup>());
  EXPECT_TRUE(region->info().content_defined);
  EXPECT_EQ(region->pause().value().saved_bytes, 0U);
  EXPECT_EQ(region->resume().value().restored_bytes, 0U);
  EXPECT_FALSE(region->info().content_defined);
  const auto bytes = pattern(2);
  ASSERT_TRUE(region->write(0, bytes.data(), kMiB).ok());
  ASSERT_TRUE(region->write(2 * kMiB, bytes.data(), kMiB).ok());
  EXPECT_FALSE(region->info().content_defined) << "there is a gap";
  fill(*region, bytes);
  EXPECT_TRUE(region->info().content_defined);

  ASSERT_TRUE(region->pause().ok());
  ASSERT_TRUE(region->resume().ok());
  EXPECT_FALSE(region->info().content_defined);
  ASSERT_TRUE(region->acknowledge().ok());
  EXPECT_TRUE(region->info().content_defined);
}

// Goal: whatever step of a pause fails, nothing is lost. Method: fail step 1, then step 2, and so on, each on a region
// of its own, until a pause goes through without reaching the step.
TEST_F(RegionTest, aFailureAtAnyStepOfPauseLosesNothing) {
  const auto bytes = pattern(3);
  uint64_t failures = 0;
  for (uint64_t step = 1;; ++step) {
    const auto region = open(pageable());
    fill(*region, bytes);
    fake_->fail_at(step);
    Result<PauseReport> paused = region->pause();
    if (!fake_->failed()) break;
    ++failures;
    fake_->forgive();
    ASSERT_FALSE(paused.ok()) << fake_->last_failure();
    EXPECT_EQ(paused.status().code(), Code::kDevice);
    EXPECT_EQ(region->info().state, RegionState::kActive) << fake_->last_failure();
    EXPECT_LE(region->info().generation, 2U) << "pages that were taken again are of a new generation";
    EXPECT_EQ(region->info().backup_bytes, 0U) << "the backup holds nothing after an undone pause";
    EXPECT_TRUE(test::same_bytes(content(*region), bytes)) << fake_->last_failure() << " at step " << step;
    EXPECT_TRUE(region->pause().ok()) << "the next try goes through";
    EXPECT_TRUE(region->resume().ok());
    EXPECT_TRUE(test::same_bytes(content(*region), bytes));
  }
  // The release goes on beside the copy, so that extents are unmapped one by one or several at once.
  EXPECT_GE(failures, 1U + 3U + 1U + 3U) << "drain, three copies, at least one unmap, release of three extents";
  EXPECT_LE(failures, 1U + 3U + 3U + 3U);
}

TEST_F(RegionTest, aFailureAtAnyStepOfResumeLeavesItPausedWithItsBytes) {
  const auto bytes = pattern(4);
  uint64_t failures = 0;
  for (uint64_t step = 1;; ++step) {
    const auto region = open(pageable());
    fill(*region, bytes);
    ASSERT_TRUE(region->pause().ok());
    fake_->fail_at(step);
    Result<ResumeReport> resumed = region->resume();
    if (!fake_->failed()) break;
    ++failures;
    fake_->forgive();
    ASSERT_FALSE(resumed.ok()) << fake_->last_failure();
    EXPECT_EQ(region->info().state, RegionState::kPaused) << fake_->last_failure();
    EXPECT_EQ(used(), 0U) << "nothing is taken: " << fake_->last_failure();
    ASSERT_TRUE(region->resume().ok()) << "the next try goes through";
    EXPECT_TRUE(test::same_bytes(content(*region), bytes)) << fake_->last_failure() << " at step " << step;
  }
  EXPECT_EQ(failures, 6U + 1U + 3U) << "create and map of three extents, set_access, three copies";
}

// Goal: the library's own records may find no memory at any point. Method: fail the first allocation of a cycle, then
// the second, and so on; whatever the calls then say or throw, the region is in one of its two states with all its
// bytes.
TEST_F(RegionTest, anAllocationThatFailsAnywhereInACycleLosesNothing) {
  const auto bytes = pattern(11);
  uint64_t failures = 0;
  for (uint64_t nth = 1;; ++nth) {
    const auto region = open(pageable(true));
    fill(*region, bytes);
    bool fired = false;
    {
      const test::FailAllocationAfter failing(nth);
      Status cycled = contain([&] {
        if (Result<PauseReport> paused = region->pause(); !paused.ok()) return paused.status();
        return region->resume().status();
      });
      fired = failing.fired();
      EXPECT_TRUE(fired || cycled.ok());
    }
    if (region->info().state == RegionState::kPaused) {
      EXPECT_EQ(used(), 0U);
      ASSERT_TRUE(region->resume().ok());
    }
    ASSERT_TRUE(test::same_bytes(content(*region), bytes)) << "after allocation " << nth << " failed";
    if (!fired) break;
    ++failures;
  }
  EXPECT_GE(failures, 10U);
}

TEST_F(RegionTest, anAllocationThatFailsAnywhereInOpenLeavesNothing) {
  for (uint64_t nth = 1;; ++nth) {
    auto backup = pageable();
    bool fired = false;
    {
      const test::FailAllocationAfter failing(nth);
      Status opened = contain(
          [&] { return Region::open(real_, kRegionBytes, std::move(backup), {.chunk_bytes = kChunkBytes}).status(); });
      fired = failing.fired();
      EXPECT_TRUE(fired || opened.ok());
    }
    EXPECT_EQ(used(), 0U) << "after allocation " << nth << " failed";
    EXPECT_EQ(LiveCount::of(Kind::kRegion), 0U);
    if (!fired) break;
  }
}

TEST_F(RegionTest, memoryThatCannotBeHadBackLeavesItPausedWithItsBytesKept) {
  const auto bytes = pattern(5);
  const auto region = open(pageable());
  fill(*region, bytes);
  // After drain, three copies and unmap, the second release fails; and what the first released does not come back.
  fake_->fail_at(1 + 3 + 3);
  fake_->fail_always("create");
  Result<PauseReport> paused = region->pause();
  ASSERT_FALSE(paused.ok());
  EXPECT_NE(paused.status().message().find("PAUSED"), std::string_view::npos) << paused.status().message();
  EXPECT_EQ(region->info().state, RegionState::kPaused);
  EXPECT_EQ(region->info().generation, 2U);
  EXPECT_FALSE(region->resume().ok()) << "there is no memory yet";
  EXPECT_EQ(region->info().state, RegionState::kPaused);
  fake_->forgive();
  ASSERT_TRUE(region->resume().ok());
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
}

TEST_F(RegionTest, bytesDroppedByAFailedPauseWithoutBackupAreSaidToBeLost) {
  const auto region = open(std::make_unique<NoBackup>());
  fill(*region, pattern(6));
  fake_->fail_at(1 + 3);  // drain, unmap, the first release, and then the second
  Result<PauseReport> paused = region->pause();
  ASSERT_FALSE(paused.ok());
  EXPECT_NE(paused.status().message().find("lost"), std::string_view::npos) << paused.status().message();
  EXPECT_EQ(region->info().state, RegionState::kActive);
  EXPECT_FALSE(region->info().content_defined);
}

TEST_F(RegionTest, noRoomForTheBackupLeavesItActive) {
  const auto pool = PagePool::open({4 * kMiB, 2}).value();
  const auto bytes = pattern(7);
  const auto region = open(std::make_unique<HostBackup>(pool, HostBackupOptions{}));
  fill(*region, bytes);
  EXPECT_EQ(region->pause().status().code(), Code::kNoSpace);
  EXPECT_EQ(region->info().state, RegionState::kActive);
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
}

TEST_F(RegionTest, aDamagedBackupIsNotRestoredAndCanBeTriedAgain) {
  auto owned = std::make_unique<HostBackup>(HostBackupOptions{false, true});
  HostBackup* const backup = owned.get();
  const auto bytes = pattern(8);
  const auto region = open(std::move(owned));
  fill(*region, bytes);
  ASSERT_TRUE(region->pause().ok());
  backup->extents()[0][1000] ^= std::byte{0x10};
  Status resumed = region->resume().status();
  EXPECT_EQ(resumed.code(), Code::kCorrupt);
  EXPECT_EQ(region->info().state, RegionState::kPaused);
  EXPECT_EQ(used(), 0U);
  backup->extents()[0][1000] ^= std::byte{0x10};
  ASSERT_TRUE(region->resume().ok());
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
}

TEST_F(RegionTest, memoryTakenByOthersMeanwhileIsAnErrorThatPasses) {
  const auto bytes = pattern(9);
  const auto region = open(pageable());
  fill(*region, bytes);
  ASSERT_TRUE(region->pause().ok());
  auto other = Region::open(real_, 60 * kMiB, pageable()).value();
  EXPECT_EQ(region->resume().status().code(), Code::kNoMemory);
  other = nullptr;
  ASSERT_TRUE(region->resume().ok());
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
}

TEST_F(RegionTest, aMachineThatCannotCountPagesDoesNotFailAPause) {
  const auto region = open(pageable());
  fake_->fail_always("resident_bytes");
  EXPECT_EQ(region->pause().value().freed_bytes, 0U) << "unknown";
  fake_->forgive();
  EXPECT_TRUE(region->resume().ok());
}

TEST_F(RegionTest, aRegionMayGoWhilePaused) {
  auto region = open(pageable());
  ASSERT_TRUE(region->pause().ok());
  region = nullptr;
  EXPECT_EQ(used(), 0U);
}

TEST_F(RegionTest, manyThreadsPausingAndResumingLeaveEveryByteInPlace) {
  const auto region = Region::open(real_, kRegionBytes, pageable(true), {.chunk_bytes = kChunkBytes}).value();
  const auto bytes = pattern(10);
  fill(*region, bytes);
  std::atomic<uint64_t> pauses = 0;
  const auto toggle = [&] {
    for (int round = 0; round < 10; ++round) {
      if (region->pause().ok()) ++pauses;
      (void)region->resume().ok();
    }
  };
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) threads.emplace_back(toggle);
  for (std::thread& thread : threads) thread.join();
  if (region->info().state == RegionState::kPaused) {
    EXPECT_TRUE(region->resume().ok());
  }
  EXPECT_EQ(region->info().generation, pauses + 1);
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
}

}  // namespace
}  // namespace windlass
