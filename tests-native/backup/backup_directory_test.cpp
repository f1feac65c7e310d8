#include "backup/backup_directory.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "backup/file_backup.hpp"
#include "backup/file_backup_fixture.hpp"
#include "base/log.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

class BackupDirectoryTest : public test::FileBackupFixture {};

TEST_F(BackupDirectoryTest, whatMakesNoSenseIsRefused) {
  const auto refused = [&](const BackupDirectoryOptions& options) {
    return BackupDirectory::open(place_.path(), options).status().code();
  };
  EXPECT_EQ(refused({.lanes = 0}), Code::kInvalidArgument);
  EXPECT_EQ(refused({.lanes = 1000}), Code::kInvalidArgument);
  EXPECT_EQ(refused({.queue_depth = 1}), Code::kInvalidArgument);
  EXPECT_EQ(refused({.queue_depth = 100000}), Code::kInvalidArgument);
  EXPECT_EQ(refused({.block_bytes = 0}), Code::kInvalidArgument);
  EXPECT_EQ(refused({.block_bytes = kMiB}), Code::kInvalidArgument);
  EXPECT_EQ(refused({.block_bytes = uint64_t{1} << 40}), Code::kInvalidArgument);
  EXPECT_EQ(BackupDirectory::open("", {}).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(place_.names().empty());
}

TEST_F(BackupDirectoryTest, aDirectoryThatIsNotThereIsNotFound) {
  const Status missing = BackupDirectory::open(place_.path() + "/no", {}).status();
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("create the directory first"));
}

TEST_F(BackupDirectoryTest, twoOfOneProcessDoNotDisturbOneAnother) {
  const auto first = open();
  FileBackup one(first, {});
  ASSERT_TRUE(one.prepare(kImageBytes).ok());
  ASSERT_TRUE(image_.save(one).ok());
  {
    const auto second = open();
    EXPECT_EQ(second->swept().dead_owners, 0U);
    EXPECT_EQ(second->swept().left_owners, 1U);
    FileBackup other(second, {});
    ASSERT_TRUE(other.prepare(kImageBytes).ok());
    EXPECT_NE(one.path(), other.path());
    EXPECT_EQ(backup_files(), 2U);
  }
  ASSERT_TRUE(image_.restore(one).ok());
  EXPECT_TRUE(image_.intact());
}

TEST_F(BackupDirectoryTest, lanesAreMadeWhenNeededAndTrimmed) {
  const auto directory = open();
  EXPECT_EQ(directory->held_bytes(), 0U);
  EXPECT_NE(directory->engine_name(), "");
  FileBackup backup(directory, {});
  ASSERT_TRUE(backup.prepare(kImageBytes).ok());
  EXPECT_EQ(directory->held_bytes(), 16 * kMiB);
  directory->trim();
  EXPECT_EQ(directory->held_bytes(), 16 * kMiB) << "it is in use";
  backup.release();
  directory->trim();
  EXPECT_EQ(directory->held_bytes(), 0U);
  EXPECT_TRUE(backup.prepare(kImageBytes).ok());
}

TEST_F(BackupDirectoryTest, withoutIoUringThreadsDoItAndTheLogSaysSo) {
  const auto subscriber = LogSubscriber::open(LogLevel::kInfo, 16).value();
  calls_.fail_always("uring_setup", EPERM);
  const auto backup = make();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  std::string lines;
  for (Result<LogLine> line = subscriber->read(std::chrono::nanoseconds(0)); line.ok();
       line = subscriber->read(std::chrono::nanoseconds(0))) {
    lines += line->message + "\n";
  }
  EXPECT_THAT(lines, HasSubstr("files are read and written by threads"));
  EXPECT_EQ(BackupDirectory::open(place_.path(), {.engine = IoEngine::kUring, .calls = &calls_}).status().code(),
            Code::kUnsupported)
      << "asked for, and not to be had";
}

TEST_F(BackupDirectoryTest, aDirectoryInMemoryIsWarnedOf) {
  const auto subscriber = LogSubscriber::open(LogLevel::kWarning, 16).value();
  std::string path = "/dev/shm/backup-directory-test-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) GTEST_SKIP() << "SKIPPED: /dev/shm cannot be written here";
  {
    const auto directory = BackupDirectory::open(path, {}).value();
    Result<LogLine> line = subscriber->read(std::chrono::nanoseconds(0));
    if (line.ok()) {
      EXPECT_THAT(line->message, HasSubstr("stay in the machine's memory"));
    }
    FileBackup backup(directory, {});
    EXPECT_TRUE(backup.prepare(kImageBytes).ok());
    EXPECT_TRUE(image_.save(backup).ok());
    EXPECT_TRUE(image_.restore(backup).ok());
    EXPECT_TRUE(image_.intact());
  }
  EXPECT_EQ(rmdir(path.c_str()), 0) << "it is empty";
}

// A child process, which does its work, says that it has, and lives until it is told otherwise.
class Child {
 public:
  explicit Child(const std::function<bool()>& work) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      const char done = work() ? 'y' : 'n';
      (void)!write(ends[1], &done, 1);
      while (true) pause();
    }
    ::close(ends[1]);
    char done = 'n';
    EXPECT_EQ(read(ends[0], &done, 1), 1);
    ::close(ends[0]);
    worked_ = done == 'y';
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool worked() const { return worked_; }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    int how = 0;
    EXPECT_EQ(waitpid(pid_, &how, 0), pid_);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  bool worked_ = false;
};

TEST_F(BackupDirectoryTest, whatAKilledProcessLeftIsSweptAndWhatALivingOneUsesIsNot) {
  const auto hold_backups = [this](int count) {
    // What the child has is never given back.
    static std::vector<std::unique_ptr<FileBackup>> held;
    const auto directory = BackupDirectory::open(place_.path(), {}).value();
    for (int index = 0; index < count; ++index) {
      held.push_back(std::make_unique<FileBackup>(directory, FileBackupOptions{}));
      if (!held.back()->prepare(kImageBytes).ok() || !image_.save(*held.back()).ok()) return false;
    }
    return true;
  };
  Child living([&] { return hold_backups(2); });
  Child dying([&] { return hold_backups(3); });
  ASSERT_TRUE(living.worked() && dying.worked());
  EXPECT_EQ(open()->swept().dead_owners, 0U);
  EXPECT_EQ(backup_files(), 5U);
  dying.end();
  const SweepReport swept = open()->swept();
  EXPECT_EQ(swept.dead_owners, 1U);
  EXPECT_EQ(swept.removed_files, 3U);
  EXPECT_GE(swept.removed_bytes, 3 * kImageBytes);
  EXPECT_EQ(swept.left_owners, 1U);
  EXPECT_EQ(backup_files(), 2U);
  living.end();
  EXPECT_EQ(open()->swept().removed_files, 2U);
  EXPECT_TRUE(place_.names().empty());
}

// Goal: a disk that is really full. Method: a child with a file system of its own.
TEST_F(BackupDirectoryTest, aDiskThatIsReallyFullIsRefusedAndLeftAsItWas) {
  std::string found;
  Child child([&] {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    if (mount("none", place_.path().c_str(), "tmpfs", 0, "size=32m,mode=700") != 0) return false;
    const auto directory = BackupDirectory::open(place_.path(), {}).value();
    FileBackup small(directory, {});
    FileBackup large(directory, {});
    const bool as_it_should = small.prepare(kImageBytes).ok() && image_.save(small).ok() && small.settle().ok() &&
                              large.prepare(30 * kMiB).code() == Code::kNoSpace &&
                              large.prepare(kGiB).code() == Code::kNoSpace && backup_files() == 1 &&
                              image_.restore(small).ok() && image_.intact() && large.prepare(16 * kMiB).ok();
    if (!as_it_should) kill(getpid(), SIGKILL);
    return true;
  });
  if (!child.worked()) GTEST_SKIP() << "SKIPPED: this process may not mount a file system of its own";
}

}  // namespace
}  // namespace windlass
