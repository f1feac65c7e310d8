#include "preload/backup_choice.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/bytes.hpp"
#include "device/emulated/emulated_device.hpp"

namespace windlass {
namespace {

class BackupsTest : public testing::Test {
 protected:
  static BackupChoice choice(BackupKind kind) {
    BackupChoice made;
    made.kind = kind;
    return made;
  }
  std::unique_ptr<Backup> make(const BackupChoice& choice) {
    return backups_.plan(choice).value()->make_backup(device_).value();
  }

  Backups backups_;
  std::shared_ptr<Device> device_ = EmulatedDevice::open({16 * kMiB, 1}).value();
};

TEST(BackupChoiceTest, whatIsSaidReplacesAndTheRestStays) {
  const BackupChoice around{BackupKind::kFile, "/somewhere", 0, true, false};
  const BackupChoice same = around.with({});
  EXPECT_EQ(same.kind, BackupKind::kFile);
  EXPECT_EQ(same.directory, "/somewhere");
  EXPECT_TRUE(same.retain);
  const BackupChoice verified = around.with({{}, "/elsewhere", 0, {}, true});
  EXPECT_EQ(verified.directory, "/elsewhere");
  EXPECT_TRUE(verified.verify && verified.retain);
  const BackupChoice pooled = around.with({BackupKind::kPooled, {}, 7, false, {}});
  EXPECT_EQ(pooled.kind, BackupKind::kPooled);
  EXPECT_EQ(pooled.pool_limit_bytes, 7U);
  EXPECT_FALSE(pooled.retain);
}

TEST_F(BackupsTest, eachKindMakesItsBackup) {
  EXPECT_EQ(make(choice(BackupKind::kNone))->name(), "none");
  EXPECT_EQ(make(choice(BackupKind::kPageable))->name(), "pageable");
  EXPECT_EQ(make(choice(BackupKind::kPooled))->name(), "pooled");
  BackupChoice retained = choice(BackupKind::kPageable);
  EXPECT_FALSE(make(retained)->retains());
  retained.retain = true;
  EXPECT_TRUE(make(retained)->retains());
}

TEST_F(BackupsTest, aDirectoryIsOpenedOnceAndKeepsBytesInFiles) {
  std::string folder = "/var/tmp/windlass-preload-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  {
    Backups backups;
    BackupChoice files = choice(BackupKind::kFile);
    files.directory = folder;
    const auto plan = backups.plan(files).value();
    const auto backup = plan->make_backup(device_).value();
    EXPECT_EQ(backup->name(), "file");
    EXPECT_TRUE(backups.plan(files).ok());
    ASSERT_TRUE(backup->prepare(kMiB).ok());
    EXPECT_GE(backup->stored_bytes(), kMiB);
  }
  std::filesystem::remove_all(folder);
}

TEST_F(BackupsTest, aDirectoryMustBeNamedAndBeThere) {
  BackupChoice files = choice(BackupKind::kFile);
  EXPECT_EQ(backups_.plan(files).status().code(), Code::kInvalidArgument);
  files.directory = "/no/such/directory";
  EXPECT_EQ(backups_.plan(files).status().code(), Code::kNotFound);
}

TEST_F(BackupsTest, thereIsOnePoolWithOneLimit) {
  EXPECT_EQ(backups_.prepare_pool(kMiB).code(), Code::kState);
  BackupChoice pooled = choice(BackupKind::kPooled);
  pooled.pool_limit_bytes = 4 * kMiB;
  ASSERT_TRUE(backups_.plan(pooled).ok());
  EXPECT_TRUE(backups_.plan(choice(BackupKind::kPooled)).ok()) << "whatever the limit is";
  pooled.pool_limit_bytes = 6 * kMiB;
  EXPECT_EQ(backups_.plan(pooled).status().code(), Code::kState);
  EXPECT_TRUE(backups_.prepare_pool(4 * kMiB).ok());
  EXPECT_EQ(backups_.prepare_pool(5 * kMiB).code(), Code::kNoSpace);
}

}  // namespace
}  // namespace windlass
