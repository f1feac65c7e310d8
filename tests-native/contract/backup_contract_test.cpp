// What every backup promises, held against each of them, over a device that the host reaches and one that it does not.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <tuple>
#include <vector>

#include "backup/backup.hpp"
#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "support/pattern.hpp"

namespace windlass {
namespace {

struct BackupCase {
  const char* name;
  bool keeps_bytes;
  bool retains;
  std::function<std::unique_ptr<Backup>()> open;
};

// For googletest: a case is shown by its name.
void PrintTo(const BackupCase& each, std::ostream* out) { *out << each.name; }

std::shared_ptr<PagePool> make_pool() { return PagePool::open({256 * kMiB, 2}).value(); }

std::vector<BackupCase> cases() {
  std::vector<BackupCase> all;
  all.push_back({"none", false, false, [] { return std::make_unique<NoBackup>(); }});
  for (const bool retain : {false, true}) {
    for (const bool verify : {false, true}) {
      const HostBackupOptions options{retain, verify};
      const char* const pageable[] = {"pageable", "pageableVerified", "pageableRetained", "pageableRetainedVerified"};
      const char* const pooled[] = {"pooled", "pooledVerified", "pooledRetained", "pooledRetainedVerified"};
      const size_t index = (retain ? 2U : 0U) + (verify ? 1U : 0U);
      all.push_back({pageable[index], true, retain, [options] { return std::make_unique<HostBackup>(options); }});
      all.push_back(
          {pooled[index], true, retain, [options] { return std::make_unique<HostBackup>(make_pool(), options); }});
    }
  }
  return all;
}

// An image that is no multiple of anything, in extents of 6 MiB.
constexpr uint64_t kImageBytes = 17 * kMiB + 12345;

class BackupContract : public testing::TestWithParam<std::tuple<BackupCase, bool>> {
 protected:
  void SetUp() override {
    fake_ = std::make_shared<fake::FakeDevice>(EmulatedDevice::open({64 * kMiB, 2}).value());
    if (!std::get<1>(GetParam())) fake_->hide_from_host();
    allocation_ = Allocation::open(fake_, kImageBytes, 6 * kMiB).value();
    ASSERT_TRUE(allocation_->commit(nullptr).ok());
    put(image_);
  }

  const BackupCase& backup_case() const { return std::get<0>(GetParam()); }

  void put(const std::vector<std::byte>& bytes) {
    ASSERT_TRUE(fake_->copy_in(allocation_->address(), bytes.data(), bytes.size()).ok());
  }
  std::vector<std::byte> content() {
    std::vector<std::byte> bytes(kImageBytes);
    EXPECT_TRUE(fake_->copy_out(bytes.data(), allocation_->address(), bytes.size()).ok());
    return bytes;
  }

  template <typename Step>
  Status for_each_extent(Step step) {
    for (const Allocation::Extent& extent : allocation_->extents()) {
      const uint64_t bytes = std::min(extent.bytes, kImageBytes - extent.offset);
      if (Status done = step(allocation_->address() + extent.offset, extent.offset, bytes); !done.ok()) return done;
    }
    return Status();
  }
  Status save() {
    return for_each_extent([&](uint64_t address, uint64_t offset, uint64_t bytes) {
      return backup_->save(*fake_, address, offset, bytes);
    });
  }
  Status restore() {
    return for_each_extent([&](uint64_t address, uint64_t offset, uint64_t bytes) {
      return backup_->restore(*fake_, address, offset, bytes);
    });
  }

  std::vector<std::byte> image_ = test::pattern(kImageBytes, 20);
  std::shared_ptr<fake::FakeDevice> fake_;
  std::unique_ptr<Allocation> allocation_;
  std::unique_ptr<Backup> backup_ = backup_case().open();
};

TEST_P(BackupContract, whatWasSavedIsRestored) {
  EXPECT_EQ(backup_->keeps_bytes(), backup_case().keeps_bytes);
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  put(std::vector<std::byte>(kImageBytes, std::byte{0xEE}));
  ASSERT_TRUE(restore().ok());
  EXPECT_EQ(content() == image_, backup_case().keeps_bytes);
}

TEST_P(BackupContract, memoryIsHeldFromPrepareToReleaseUnlessRetained) {
  EXPECT_EQ(backup_->held_bytes(), 0U);
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  if (backup_case().keeps_bytes) {
    EXPECT_GE(backup_->held_bytes(), kImageBytes);
  }
  ASSERT_TRUE(save().ok());
  backup_->release();
  EXPECT_EQ(backup_->held_bytes() >= kImageBytes, backup_case().retains);
  if (!backup_case().retains) {
    EXPECT_EQ(backup_->held_bytes(), 0U);
  }
}

TEST_P(BackupContract, theSecondCycleRestoresTheSecondImage) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  backup_->release();
  image_.assign(kImageBytes, std::byte{0x42});
  put(image_);
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  put(std::vector<std::byte>(kImageBytes, std::byte{0}));
  ASSERT_TRUE(restore().ok());
  EXPECT_EQ(content() == image_, backup_case().keeps_bytes);
}

TEST_P(BackupContract, releaseWithoutPrepareIsHarmless) {
  backup_->release();
  EXPECT_EQ(backup_->held_bytes(), 0U);
}

// Backups that keep bytes promise more.
class KeepingBackupContract : public BackupContract {};

TEST_P(KeepingBackupContract, aFailedRestoreLeavesTheBytesForTheNext) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  ASSERT_TRUE(allocation_->decommit().ok());
  if (!std::get<1>(GetParam())) {
    EXPECT_FALSE(restore().ok()) << "there is no memory to restore to";
  }
  ASSERT_TRUE(allocation_->commit(nullptr).ok());
  ASSERT_TRUE(restore().ok());
  EXPECT_TRUE(content() == image_);
}

std::string case_name(const testing::TestParamInfo<std::tuple<BackupCase, bool>>& param_info) {
  return std::string(std::get<0>(param_info.param).name) +
         (std::get<1>(param_info.param) ? "OverHostMemory" : "OverDeviceMemory");
}

INSTANTIATE_TEST_SUITE_P(Backups, BackupContract, testing::Combine(testing::ValuesIn(cases()), testing::Bool()),
                         case_name);

std::vector<BackupCase> keeping_cases() {
  std::vector<BackupCase> keeping = cases();
  std::erase_if(keeping, [](const BackupCase& each) { return !each.keeps_bytes; });
  return keeping;
}

INSTANTIATE_TEST_SUITE_P(Backups, KeepingBackupContract,
                         testing::Combine(testing::ValuesIn(keeping_cases()), testing::Bool()), case_name);

}  // namespace
}  // namespace windlass
