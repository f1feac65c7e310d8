#include "backup/orphan_sweep.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "backup/owner_record.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

constexpr const char* kId = "00000000deadbeef";

class OrphanSweepTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = {::open(place_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), place_.path()};
  }
  void TearDown() override { ::close(folder_.descriptor); }

  std::string path(const std::string& name) const { return place_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content) const { std::ofstream(path(name)) << content; }
  // A record of a process that is no more, with backups.
  void leave_orphans(const std::string& id, int backups) const {
    OwnerRecord dead = OwnerRecord::of_this_process();
    ++dead.start_time;
    write("windlass-" + id + ".owner", dead.to_text());
    for (int number = 1; number <= backups; ++number) {
      write("windlass-" + id + "-" + std::to_string(number) + ".backup", std::string(4096, 'x'));
    }
  }
  SweepReport sweep() const { return sweep_orphans(folder_).value(); }

  test::TemporaryDirectory place_;
  Folder folder_;
};

TEST_F(OrphanSweepTest, whatADeadProcessLeftIsRemovedAndNothingElse) {
  leave_orphans(kId, 3);
  const std::set<std::string> others = {"file", "windlass-", "windlass-00000000deadbeef-x.backup",
                                        "windlass-00000000deadbee0-1.backup", "windlass-00000000deadbeef-1.backup.txt"};
  for (const std::string& name : others) write(name, "mine");
  const SweepReport report = sweep();
  EXPECT_EQ(report.dead_owners, 1U);
  EXPECT_EQ(report.removed_files, 3U);
  EXPECT_GE(report.removed_bytes, 3U * 4096);
  EXPECT_EQ(place_.names(), others);
}

TEST_F(OrphanSweepTest, aLockedRecordIsLeft) {
  leave_orphans(kId, 1);
  const int owner = ::open(path("windlass-00000000deadbeef.owner").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(owner, LOCK_EX), 0);
  const SweepReport report = sweep();
  EXPECT_EQ(report.dead_owners, 0U);
  EXPECT_EQ(report.left_owners, 1U);
  EXPECT_EQ(place_.names().size(), 2U);
  ::close(owner);
  EXPECT_EQ(sweep().dead_owners, 1U);
  EXPECT_TRUE(place_.names().empty());
}

TEST_F(OrphanSweepTest, aProcessThatRunsIsLeftEvenIfItsLockIsNotSeen) {
  write("windlass-00000000deadbeef.owner", OwnerRecord::of_this_process().to_text());
  EXPECT_EQ(sweep().left_owners, 1U);
  EXPECT_EQ(place_.names().size(), 1U);
}

TEST_F(OrphanSweepTest, aRecordOfAnotherMachineIsLeft) {
  OwnerRecord other = OwnerRecord::of_this_process();
  other.boot_id = "another";
  other.host = "another";
  write("windlass-00000000deadbeef.owner", other.to_text());
  EXPECT_EQ(sweep().left_owners, 1U);
  EXPECT_EQ(place_.names().size(), 1U);
}

TEST_F(OrphanSweepTest, aRecordThatCannotBeReadIsLeft) {
  for (const char* content : {"", "windlass-owner 1\n", "something else"}) {
    write("windlass-00000000deadbeef.owner", content);
    write("windlass-00000000deadbeef-1.backup", "x");
    EXPECT_EQ(sweep().left_owners, 1U);
    EXPECT_EQ(place_.names().size(), 2U);
  }
}

TEST_F(OrphanSweepTest, aProcessThatIsJustStartingIsLeft) {
  write("windlass-00000000deadbeef.owner-new", "");
  EXPECT_EQ(sweep().left_owners, 1U);
  EXPECT_EQ(place_.names().size(), 1U);
  OwnerRecord dead = OwnerRecord::of_this_process();
  ++dead.start_time;
  write("windlass-00000000deadbeef.owner-new", dead.to_text());
  EXPECT_EQ(sweep().dead_owners, 1U) << "one that died before it had begun";
  EXPECT_TRUE(place_.names().empty());
}

TEST_F(OrphanSweepTest, linksAreNeitherFollowedNorRemoved) {
  leave_orphans(kId, 1);
  write("precious", "mine");
  ASSERT_EQ(symlink("precious", path("windlass-00000000deadbeef-2.backup").c_str()), 0);
  ASSERT_EQ(symlink("precious", path("windlass-0000000000000001.owner").c_str()), 0);
  const SweepReport report = sweep();
  EXPECT_EQ(report.removed_files, 1U);
  EXPECT_EQ(report.left_owners, 1U);
  EXPECT_TRUE(place_.names().contains("precious"));
  EXPECT_TRUE(place_.names().contains("windlass-00000000deadbeef-2.backup"));
  EXPECT_TRUE(place_.names().contains("windlass-00000000deadbeef.owner")) << "it stands for what is left";
}

TEST_F(OrphanSweepTest, whatIsNoFileIsLeft) {
  ASSERT_EQ(mkdir(path("windlass-00000000deadbeef.owner").c_str(), 0700), 0);
  ASSERT_EQ(mkfifo(path("windlass-0000000000000001.owner").c_str(), 0600), 0);
  EXPECT_EQ(sweep().left_owners, 2U);
  EXPECT_EQ(place_.names().size(), 2U);
}

TEST_F(OrphanSweepTest, filesOfAnotherUserAreLeft) {
  if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: only root can give files away";
  leave_orphans(kId, 1);
  ASSERT_EQ(chown(path("windlass-00000000deadbeef.owner").c_str(), 12345, 12345), 0);
  EXPECT_EQ(sweep().left_owners, 1U);
  EXPECT_EQ(place_.names().size(), 2U);
}

TEST_F(OrphanSweepTest, severalMaySweepAtOnce) {
  constexpr int kOwners = 40;
  for (int owner = 0; owner < kOwners; ++owner) {
    std::string id = kId;
    id.replace(0, 2, std::to_string(10 + owner));
    leave_orphans(id, 3);
  }
  std::atomic<uint64_t> removed = 0;
  std::vector<std::thread> sweepers;
  for (int index = 0; index < 4; ++index) {
    sweepers.emplace_back([&] { removed += sweep().removed_files; });
  }
  for (std::thread& sweeper : sweepers) sweeper.join();
  EXPECT_EQ(removed, 3U * kOwners);
  EXPECT_TRUE(place_.names().empty());
}

}  // namespace
}  // namespace windlass
