#include "backup/owner_record.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

TEST(OwnerRecordTest, thisProcessIsDescribedAndSeenRunning) {
  const OwnerRecord record = OwnerRecord::of_this_process();
  EXPECT_EQ(record.pid, getpid());
  EXPECT_GT(record.start_time, 0U);
  EXPECT_FALSE(record.boot_id.empty());
  EXPECT_TRUE(record.is_seen_running());
  EXPECT_TRUE(record.is_of_this_machine(record));
}

TEST(OwnerRecordTest, whatIsWrittenIsRead) {
  const OwnerRecord record{.pid = 17, .start_time = 4, .boot_id = "b", .machine_id = "", .host = "h h", .uid = 1000};
  EXPECT_EQ(OwnerRecord::parse(record.to_text()), record);
}

TEST(OwnerRecordTest, whatIsNotWholeIsNotRead) {
  const std::string whole = OwnerRecord::of_this_process().to_text();
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(OwnerRecord::parse(whole.substr(0, length))) << length;
  }
  EXPECT_FALSE(OwnerRecord::parse(whole + "more\n"));
  EXPECT_FALSE(OwnerRecord::parse("windlass-owner 2" + whole.substr(16)));
  EXPECT_FALSE(OwnerRecord::parse("windlass-owner 1\npid x\nstart 1\nboot b\nmachine m\nhost h\nuid 0\n"));
  EXPECT_FALSE(OwnerRecord::parse("windlass-owner 1\npid -5\nstart 1\nboot b\nmachine m\nhost h\nuid 0\n"));
}

TEST(OwnerRecordTest, aPidThatIsUsedAgainIsAnotherProcess) {
  OwnerRecord record = OwnerRecord::of_this_process();
  ++record.start_time;
  EXPECT_FALSE(record.is_seen_running());
}

TEST(OwnerRecordTest, theMachineIsKnownByItsBootOrByItsNames) {
  const OwnerRecord self{.pid = 1, .boot_id = "boot", .machine_id = "machine", .host = "host"};
  OwnerRecord other = self;
  other.host = "a container";
  other.machine_id = "another";
  EXPECT_TRUE(other.is_of_this_machine(self)) << "the same kernel";
  other = self;
  other.boot_id = "earlier";
  EXPECT_TRUE(other.is_of_this_machine(self)) << "the same machine, before it was booted";
  other.host = "another";
  EXPECT_FALSE(other.is_of_this_machine(self));
  other = self;
  other.boot_id = "earlier";
  other.machine_id = "";
  EXPECT_FALSE(other.is_of_this_machine(self)) << "nothing is known of it";
}

TEST(OwnedNameTest, onlyNamesThatWindlassMakesAreOwned) {
  const std::string id = "0123456789abcdef";
  const std::optional<OwnedName> record = OwnedName::parse("windlass-" + id + ".owner");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->kind, OwnedName::Kind::kRecord);
  EXPECT_EQ(record->id, id);
  EXPECT_EQ(OwnedName::parse("windlass-" + id + ".owner-new")->kind, OwnedName::Kind::kNewRecord);
  EXPECT_EQ(OwnedName::parse("windlass-" + id + "-12.backup")->kind, OwnedName::Kind::kBackup);
  const std::vector<std::string> others = {std::string(),
                                           std::string("windlass-"),
                                           "windlass-" + id,
                                           "windlass-" + id + ".owners",
                                           "windlass-" + id + "-.backup",
                                           "windlass-" + id + "-1x.backup",
                                           "windlass-" + id + "-1.backup~",
                                           "windlass-" + id + "-123456789012345678901.backup",
                                           "windlass-0123456789ABCDEF.owner",
                                           "windlass-0123456789abcde.owner",
                                           "Windlass-" + id + ".owner",
                                           "windlass-" + id + "/../x.owner"};
  for (const std::string& name : others) {
    EXPECT_FALSE(OwnedName::parse(name)) << name;
  }
}

class OwnerLockTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = {::open(place_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), place_.path()};
  }
  void TearDown() override { ::close(folder_.descriptor); }

  test::TemporaryDirectory place_;
  Folder folder_;
};

TEST_F(OwnerLockTest, theRecordIsThereAndLockedAsLongAsItsOwner) {
  {
    Result<OwnerLock> lock = OwnerLock::publish(folder_);
    ASSERT_TRUE(lock.ok());
    const std::string name = "windlass-" + lock->id() + ".owner";
    EXPECT_EQ(place_.names(), std::set<std::string>{name});
    EXPECT_EQ(OwnedName::parse(lock->backup_name(3))->id, lock->id());
    struct stat found {};
    ASSERT_EQ(stat((place_.path() + "/" + name).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777U, 0600U);
    const int other = ::open((place_.path() + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_NE(flock(other, LOCK_EX | LOCK_NB), 0);
    ::close(other);
    const OwnerLock moved = *std::move(lock);
    EXPECT_EQ(place_.names().size(), 1U);
  }
  EXPECT_TRUE(place_.names().empty());
}

TEST_F(OwnerLockTest, twoOwnersOfOneProcessAreTwo) {
  Result<OwnerLock> first = OwnerLock::publish(folder_);
  Result<OwnerLock> second = OwnerLock::publish(folder_);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->id(), second->id());
}

}  // namespace
}  // namespace windlass
