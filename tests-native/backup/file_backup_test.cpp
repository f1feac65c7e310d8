#include "backup/file_backup.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "backup/file_backup_fixture.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

class FileBackupTest : public test::FileBackupFixture {
 protected:
  static void flip(const std::string& path, uint64_t offset) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
    EXPECT_TRUE(file.good());
  }
};

TEST_F(FileBackupTest, theFileIsForItsOwnerOnlyAndGoesWithRelease) {
  const mode_t before = umask(0);
  const auto backup = make();
  EXPECT_EQ(backup->path(), "");
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  umask(before);
  struct stat found {};
  ASSERT_EQ(stat(backup->path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0600U);
  EXPECT_GE(static_cast<uint64_t>(found.st_blocks) * 512, kImageBytes) << "the space is taken";
  EXPECT_GE(backup->stored_bytes(), kImageBytes);
  backup->release();
  EXPECT_EQ(backup_files(), 0U);
  EXPECT_EQ(backup->stored_bytes(), 0U);
}

TEST_F(FileBackupTest, theTailIsPaddedWithZeros) {
  const auto backup = make();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  std::ifstream file(backup->path(), std::ios::binary);
  file.seekg(static_cast<std::streamoff>(kImageBytes));
  for (int byte = file.get(); byte != std::ifstream::traits_type::eof(); byte = file.get()) ASSERT_EQ(byte, 0);
  EXPECT_LT(backup->stored_bytes(), kImageBytes + kHugePageBytes);
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(FileBackupTest, aRetainedFileIsUsedAgainAndGrows) {
  const auto backup = make({}, true);
  ASSERT_TRUE(backup->prepare(4 * kMiB).ok());
  const std::string path = backup->path();
  backup->release();
  EXPECT_EQ(backup_files(), 1U);
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  EXPECT_EQ(backup->path(), path);
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(FileBackupTest, aRetainedFileThatSomebodyRemovedIsMadeAnew) {
  const auto backup = make({}, true);
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  ASSERT_EQ(::unlink(backup->path().c_str()), 0);
  EXPECT_EQ(image_.restore(*backup).code(), Code::kNotFound);
  image_.put();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(FileBackupTest, aLinkInTheFilesPlaceIsNotFollowed) {
  const auto backup = make();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  const std::string path = backup->path();
  ASSERT_EQ(::rename(path.c_str(), (path + "-moved").c_str()), 0);
  ASSERT_EQ(::symlink((path + "-moved").c_str(), path.c_str()), 0);
  EXPECT_EQ(image_.restore(*backup).code(), Code::kPermission);
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::rename((path + "-moved").c_str(), path.c_str()), 0);
  EXPECT_TRUE(image_.restore(*backup).ok());
}

TEST_F(FileBackupTest, aFlippedBitIsCorruptUntilItIsRepaired) {
  for (const bool direct : {true, false}) {
    const auto backup = make({.direct = direct});
    ASSERT_TRUE(backup->prepare(kImageBytes).ok());
    ASSERT_TRUE(image_.save(*backup).ok());
    ASSERT_TRUE(backup->settle().ok());
    flip(backup->path(), 5 * kMiB);
    std::vector<std::byte> read(kImageBytes);
    for (int time = 0; time < 3; ++time) {
      const Status corrupt = image_.restore(*backup);
      EXPECT_EQ(corrupt.code(), Code::kCorrupt);
      EXPECT_THAT(std::string(corrupt.message()), HasSubstr("chunk 2 of " + backup->path()));
      EXPECT_THAT(std::string(corrupt.message()), HasSubstr("offset 4194304"));
      EXPECT_EQ(backup->read(0, read.data(), read.size()).code(), Code::kCorrupt);
      EXPECT_TRUE(backup->read(0, read.data(), 4 * kMiB).ok()) << "the others are sound";
    }
    flip(backup->path(), 5 * kMiB);
    ASSERT_TRUE(image_.restore(*backup).ok());
    EXPECT_TRUE(image_.intact());
  }
}

TEST_F(FileBackupTest, aFileThatWasCutShortIsCorrupt) {
  const auto backup = make();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  ASSERT_EQ(::truncate(backup->path().c_str(), 5 * kMiB + 100), 0);
  const Status corrupt = image_.restore(*backup);
  EXPECT_EQ(corrupt.code(), Code::kCorrupt);
  EXPECT_THAT(std::string(corrupt.message()), HasSubstr("shorter"));
}

TEST_F(FileBackupTest, partsOfAnyOrderAndSizeAreRestored) {
  for (const uint64_t block_bytes : {2 * kMiB, 6 * kMiB}) {
    const auto backup = make({.queue_depth = 2, .block_bytes = block_bytes});
    ASSERT_TRUE(backup->prepare(kImageBytes).ok());
    ASSERT_TRUE(image_.save(*backup).ok());
    ASSERT_TRUE(backup->settle().ok());
    ASSERT_TRUE(image_.restore(*backup, 2 * kMiB).ok());
    constexpr uint64_t kOffsets[] = {12, 4, 6, 0, 10, 8, 2};
    for (const uint64_t mebibytes : kOffsets) {
      const uint64_t offset = mebibytes * kMiB;
      const uint64_t bytes = std::min(2 * kMiB, kImageBytes - offset);
      ASSERT_TRUE(backup->restore(image_.device(), image_.address() + offset, offset, bytes).ok());
    }
    EXPECT_TRUE(image_.intact());
    EXPECT_TRUE(backup->restore(image_.device(), image_.address(), 0, 1000).ok()) << "part of a chunk";
    EXPECT_TRUE(image_.intact());
  }
}

TEST_F(FileBackupTest, misuseIsRefused) {
  const auto backup = make();
  EXPECT_EQ(image_.save(*backup).code(), Code::kInvalidArgument) << "before prepare";
  ASSERT_TRUE(backup->prepare(4 * kMiB).ok());
  EXPECT_EQ(backup->save(image_.device(), image_.address(), 2 * kMiB, 2 * kMiB).code(), Code::kInvalidArgument);
  EXPECT_EQ(backup->save(image_.device(), image_.address(), 0, 6 * kMiB).code(), Code::kInvalidArgument);
  EXPECT_EQ(backup->restore(image_.device(), image_.address(), 0, 2 * kMiB).code(), Code::kInvalidArgument);
  ASSERT_TRUE(backup->save(image_.device(), image_.address(), 0, 4 * kMiB).ok());
  EXPECT_EQ(backup->restore(image_.device(), image_.address(), 5, 2 * kMiB).code(), Code::kInvalidArgument);
  std::byte byte{};
  EXPECT_EQ(backup->read(4 * kMiB, &byte, 1).code(), Code::kInvalidArgument);
}

TEST_F(FileBackupTest, whatIsSavedAgainIsRestored) {
  const auto backup = make();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  for (int time = 0; time < 3; ++time) ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(backup->settle().ok());
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(FileBackupTest, oneThreadMayBeginManyBeforeItEndsOne) {
  const auto directory = open({.lanes = 1, .queue_depth = 2});
  std::vector<std::unique_ptr<FileBackup>> backups;
  for (int count = 0; count < 5; ++count) {
    backups.push_back(std::make_unique<FileBackup>(directory, FileBackupOptions{}));
    ASSERT_TRUE(backups.back()->prepare(kImageBytes).ok());
  }
  // In turns, part by part.
  for (uint64_t offset = 0; offset < kImageBytes; offset += 2 * kMiB) {
    const uint64_t bytes = std::min(2 * kMiB, kImageBytes - offset);
    for (const auto& backup : backups) {
      ASSERT_TRUE(backup->save(image_.device(), image_.address() + offset, offset, bytes).ok());
    }
  }
  EXPECT_EQ(directory->held_bytes(), 2 * kHugePageBytes) << "one lane";
  uint64_t held_bytes = 0;
  for (const auto& backup : backups) held_bytes += backup->held_bytes();
  EXPECT_EQ(held_bytes, 2 * kHugePageBytes);
  for (uint64_t offset = 0; offset < kImageBytes; offset += 2 * kMiB) {
    const uint64_t bytes = std::min(2 * kMiB, kImageBytes - offset);
    for (const auto& backup : backups) {
      ASSERT_TRUE(backup->restore(image_.device(), image_.address() + offset, offset, bytes).ok());
    }
  }
  EXPECT_TRUE(image_.intact());
  for (const auto& backup : backups) {
    EXPECT_TRUE(backup->settle().ok());
    EXPECT_EQ(backup->settled_bytes(), kImageBytes);
  }
}

TEST_F(FileBackupTest, manyThreadsShareTheLanes) {
  constexpr int kThreads = 6;
  for (const IoEngine engine : {IoEngine::kAuto, IoEngine::kThreads}) {
    const auto directory = open({.lanes = 2, .queue_depth = 3, .engine = engine});
    std::atomic<int> intact = 0;
    std::vector<std::thread> threads;
    for (int index = 0; index < kThreads; ++index) {
      threads.emplace_back([&, index] {
        test::DeviceImage image(7 * kMiB + 1000, static_cast<uint64_t>(index));
        FileBackup backup(directory, {.retain = index % 2 == 0});
        for (int round = 0; round < 4; ++round) {
          EXPECT_TRUE(backup.prepare(image.bytes()).ok());
          EXPECT_TRUE(image.save(backup).ok());
          if (round % 2 == 0) {
            EXPECT_TRUE(backup.settle().ok());
          }
          EXPECT_TRUE(image.restore(backup).ok());
          if (image.intact()) ++intact;
          backup.release();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(intact, 4 * kThreads);
    EXPECT_EQ(backup_files(), 0U);
  }
}

TEST_F(FileBackupTest, othersMayAskHowMuchIsSettledMeanwhile) {
  const auto backup = make({.direct = false});
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  std::atomic<bool> done = false;
  std::thread observer([&] {
    uint64_t most = 0;
    while (!done) {
      const uint64_t settled = backup->settled_bytes();
      EXPECT_GE(settled, most);
      most = settled;
      EXPECT_LE(backup->held_bytes(), 16 * kMiB);
      EXPECT_GE(backup->stored_bytes(), kImageBytes);
    }
  });
  EXPECT_TRUE(image_.save(*backup).ok());
  EXPECT_TRUE(backup->settle().ok());
  done = true;
  observer.join();
}

TEST_F(FileBackupTest, lanesArePinnedForTheDeviceThatAsksForIt) {
  const auto directory = open({.lanes = 1});
  const auto count = [&](const char* call) {
    const auto& calls = image_.device().calls();
    return std::count(calls.begin(), calls.end(), call);
  };
  FileBackup backup(directory, {});
  backup.ready_for(image_.shared_device());
  for (int cycle = 0; cycle < 3; ++cycle) {
    ASSERT_TRUE(backup.prepare(kImageBytes).ok());
    ASSERT_TRUE(image_.save(backup).ok());
    ASSERT_TRUE(image_.restore(backup).ok());
    backup.release();
  }
  EXPECT_EQ(count("pin_host"), 1) << "once for all cycles";
  FileBackup other(directory, {});
  ASSERT_TRUE(other.prepare(kImageBytes).ok());
  EXPECT_EQ(count("unpin_host"), 1);
  other.release();
  ASSERT_TRUE(backup.prepare(kImageBytes).ok());
  EXPECT_EQ(count("pin_host"), 2);
  backup.ready_for(nullptr);
  EXPECT_EQ(count("unpin_host"), 2) << "nobody needs it any more";
}

TEST_F(FileBackupTest, whereNothingCanBePinnedAllWorks) {
  image_.device().fail_always("pin_host");
  const auto backup = make();
  backup->ready_for(image_.shared_device());
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(*backup).ok());
  ASSERT_TRUE(image_.restore(*backup).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(FileBackupTest, anEmptyImageIsNoTrouble) {
  const auto backup = make();
  ASSERT_TRUE(backup->prepare(0).ok());
  ASSERT_TRUE(backup->save(image_.device(), image_.address(), 0, 0).ok());
  ASSERT_TRUE(backup->settle().ok());
  ASSERT_TRUE(backup->restore(image_.device(), image_.address(), 0, 0).ok());
}

}  // namespace
}  // namespace windlass
