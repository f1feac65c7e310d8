// What becomes of a file backup when the file system, the disk or the machine fails it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <ostream>
#include <string>

#include "backup/file_backup.hpp"
#include "backup/file_backup_fixture.hpp"
#include "base/contain.hpp"
#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

struct FaultCase {
  const char* name;
  BackupDirectoryOptions options;
  bool retain;
  int error;
};

// For googletest: a case is shown by its name.
void PrintTo(const FaultCase& each, std::ostream* out) { *out << each.name; }

class FileBackupFaults : public test::FileBackupFixture, public testing::WithParamInterface<FaultCase> {
 protected:
  Status save_all(FileBackup& backup) {
    image_.put();
    if (Status room = backup.prepare(kImageBytes); !room.ok()) return room;
    if (Status saved = image_.save(backup); !saved.ok()) return saved;
    return backup.settle();
  }

  // Everything that a backup does, with nothing allocated but by itself.
  Status cycle_without_test_allocations(FileBackup& backup) {
    return contain([&] {
      if (Status room = backup.prepare(kImageBytes); !room.ok()) return room;
      for (uint64_t offset = 0; offset < kImageBytes; offset += 6 * kMiB) {
        const uint64_t bytes = std::min(6 * kMiB, kImageBytes - offset);
        Status saved = backup.save(image_.device(), image_.address() + offset, offset, bytes);
        if (!saved.ok()) return saved;
      }
      if (Status settled = backup.settle(); !settled.ok()) return settled;
      return backup.restore(image_.device(), image_.address(), 0, kImageBytes);
    });
  }
};

// Goal: whatever call fails, what was settled is restored, and nothing is left behind.
// Method: one cycle for each call, which fails in it, until a cycle has fewer calls.
TEST_P(FileBackupFaults, aFailureAtAnyStepLosesNothing) {
  uint64_t failures = 0;
  for (uint64_t step = 1;; ++step) {
    const auto directory = open(GetParam().options);
    {
      FileBackup backup(directory, {.retain = GetParam().retain});
      calls_.fail_at(step, GetParam().error);
      Status done = save_all(backup);
      const uint64_t settled = backup.settled_bytes();
      if (done.ok()) {
        EXPECT_EQ(settled, kImageBytes);
        done = image_.restore(backup);
        EXPECT_TRUE(!done.ok() || image_.intact()) << step;
      }
      const bool failed = calls_.failed();
      calls_.forgive();
      if (!done.ok()) {
        ++failures;
        EXPECT_EQ(done.system_code(), GetParam().error) << done.message();
        EXPECT_THAT(std::string(done.message()), HasSubstr(place_.path())) << calls_.last_failure();
      }
      EXPECT_TRUE(image_.restore(backup, settled).ok()) << "step " << step << ", " << calls_.last_failure();
      EXPECT_TRUE(image_.intact(settled)) << "step " << step << ", " << calls_.last_failure();
      backup.release();
      EXPECT_EQ(backup.held_bytes(), 0U);
      EXPECT_LE(backup_files(), GetParam().retain ? 1U : 0U);
      ASSERT_TRUE(save_all(backup).ok()) << "the next cycle works";
      ASSERT_TRUE(image_.restore(backup).ok());
      ASSERT_TRUE(image_.intact());
      if (!failed) break;
    }
    EXPECT_EQ(backup_files(), 0U);
  }
  EXPECT_GT(failures, 10U);
  EXPECT_TRUE(place_.names().empty());
}

TEST_P(FileBackupFaults, everyAllocationMayFail) {
  const auto directory = open(GetParam().options);
  for (uint64_t nth = 1;; ++nth) {
    FileBackup backup(directory, {.retain = GetParam().retain});
    Status done;
    bool fired = false;
    {
      const test::FailAllocationAfter failing(nth);
      done = cycle_without_test_allocations(backup);
      backup.release();
      fired = failing.fired();
    }
    EXPECT_LE(backup_files(), GetParam().retain ? 1U : 0U) << nth;
    if (!fired) {
      EXPECT_TRUE(done.ok());
      break;
    }
  }
  EXPECT_TRUE(image_.intact());
}

TEST_P(FileBackupFaults, shortTransfersAreContinued) {
  const auto backup = make(GetParam().options);
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  calls_.make_short(64 * kKiB);
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

INSTANTIATE_TEST_SUITE_P(
    Engines, FileBackupFaults,
    testing::Values(FaultCase{"automatic", {.lanes = 1, .queue_depth = 3}, false, EIO},
                    FaultCase{"automaticRetained", {.lanes = 1, .queue_depth = 3}, true, ENOSPC},
                    FaultCase{"threads", {.queue_depth = 3, .engine = IoEngine::kThreads}, false, EIO},
                    FaultCase{"threadsFullDisk", {.queue_depth = 8, .engine = IoEngine::kThreads}, false, ENOSPC},
                    FaultCase{
                        "buffered", {.queue_depth = 2, .engine = IoEngine::kThreads, .direct = false}, false, EIO},
                    FaultCase{"bufferedRetained", {.queue_depth = 4, .direct = false}, true, EIO}),
    [](const auto& param_info) { return param_info.param.name; });

class FileBackupFaultTest : public test::FileBackupFixture {};

TEST_F(FileBackupFaultTest, aFullDiskIsRefusedInPrepareAndLeavesNothing) {
  const auto backup = make();
  const Status refused = backup->prepare(uint64_t{1} << 50);
  EXPECT_EQ(refused.code(), Code::kNoSpace);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("are missing"));
  EXPECT_EQ(backup_files(), 0U);
  EXPECT_EQ(backup->held_bytes(), 0U);
  EXPECT_EQ(backup->stored_bytes(), 0U);
  for (const int cause : {ENOSPC, EDQUOT}) {
    calls_.fail_nth("allocate", 1, cause);
    EXPECT_EQ(backup->prepare(kImageBytes).code(), Code::kNoSpace);
    EXPECT_EQ(backup_files(), 0U);
  }
  EXPECT_TRUE(backup->prepare(kImageBytes).ok());
}

TEST_F(FileBackupFaultTest, aRefusedPrepareKeepsTheRetainedImage) {
  const auto backup = make({}, true);
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  backup->release();
  EXPECT_EQ(backup->prepare(uint64_t{1} << 50).code(), Code::kNoSpace);
  EXPECT_EQ(backup->settled_bytes(), kImageBytes);
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(FileBackupFaultTest, afterAFailedWriteNothingMoreIsSettledUntilThePrepareAfter) {
  const auto backup = make({.engine = IoEngine::kThreads});
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(backup->save(image_.device(), image_.address(), 0, 4 * kMiB).ok());
  calls_.fail_always("write_at", EIO);
  const Status saved = backup->save(image_.device(), image_.address() + 4 * kMiB, 4 * kMiB, 2 * kMiB);
  const Status settled = backup->settle();
  calls_.forgive();
  EXPECT_TRUE(saved.ok() || saved.code() == Code::kIo);
  EXPECT_EQ(settled.code(), Code::kIo);
  EXPECT_LE(backup->settled_bytes(), 4 * kMiB);
  EXPECT_EQ(backup->settle().code(), Code::kIo) << "it is not forgotten";
  EXPECT_EQ(backup->save(image_.device(), image_.address(), 0, 2 * kMiB).code(), Code::kIo);
  EXPECT_EQ(image_.restore(*backup).code(), Code::kIo) << "not all of it is there";
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  image_.put();
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(FileBackupFaultTest, aFailedSyncIsNotForgottenByTheNext) {
  const auto backup = make({.direct = false});
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  calls_.fail_nth("sync_data", 1, EIO);
  EXPECT_EQ(backup->settle().code(), Code::kIo);
  EXPECT_EQ(backup->settled_bytes(), 0U) << "what is in the page cache only is not settled";
  EXPECT_EQ(backup->settle().code(), Code::kIo);
}

TEST_F(FileBackupFaultTest, aFileThatCannotBeRemovedIsNotInTheWay) {
  const auto backup = make();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  calls_.fail_always("unlink_at", EPERM);
  backup->release();
  calls_.forgive();
  EXPECT_EQ(backup_files(), 1U);
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  EXPECT_EQ(backup_files(), 2U);
}

TEST_F(FileBackupFaultTest, tooManyOpenFilesIsToldWithTheWayOut) {
  const auto backup = make();
  calls_.fail_nth("open_at", 1, EMFILE);
  const Status refused = backup->prepare(kImageBytes);
  EXPECT_EQ(refused.code(), Code::kIo);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("ulimit -n"));
}

TEST_F(FileBackupFaultTest, theDestructorWaitsForWhatIsUnderWay) {
  for (const IoEngine engine : {IoEngine::kAuto, IoEngine::kThreads}) {
    const auto backup = make({.engine = engine});
    ASSERT_TRUE(backup->prepare(kImageBytes).ok());
    ASSERT_TRUE(image_.save(*backup).ok());
  }
  EXPECT_TRUE(place_.names().empty());
}

}  // namespace
}  // namespace windlass
