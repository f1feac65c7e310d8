// What every backup promises, held against each of them, over a device that the host reaches and one that it does not.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "backup/backup.hpp"
#include "backup/compressed_backup.hpp"
#include "backup/file_backup.hpp"
#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "backup/tiered_backup.hpp"
#include "base/bytes.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

struct BackupCase {
  const char* name;
  bool keeps_bytes;
  bool retains;
  std::function<std::unique_ptr<Backup>(const std::string& path)> open;  // path: a directory, for those that use one
};

// For googletest: a case is shown by its name.
void PrintTo(const BackupCase& each, std::ostream* out) { *out << each.name; }

std::shared_ptr<PagePool> make_pool() { return PagePool::open({256 * kMiB, 2}).value(); }

std::unique_ptr<Backup> make_compressed(std::unique_ptr<Backup> inner) {
  return std::make_unique<CompressedBackup>(std::move(inner), ChunkWorkers::open({2, 256 * kKiB}).value(),
                                            CompressedBackupOptions{});
}

std::unique_ptr<Backup> make_tiered(std::unique_ptr<Backup> first, uint64_t budget_bytes,
                                    std::unique_ptr<Backup> second) {
  std::vector<Tier> tiers;
  tiers.push_back({std::move(first), budget_bytes == 0 ? nullptr : std::make_shared<TierBudget>(budget_bytes)});
  tiers.push_back({std::move(second), nullptr});
  return TieredBackup::open(std::move(tiers)).value();
}

// Those that stand on others.
void add_decorators(std::vector<BackupCase>& all, bool retain) {
  const HostBackupOptions options{retain, false};
  const auto pageable = [options] { return std::make_unique<HostBackup>(options); };
  const auto pooled = [options](uint64_t limit_bytes) {
    return std::make_unique<HostBackup>(PagePool::open({limit_bytes, 2}).value(), options);
  };
  all.push_back({retain ? "compressedPageableRetained" : "compressedPageable", true, retain,
                 [=](const std::string&) { return make_compressed(pageable()); }});
  all.push_back({retain ? "compressedPooledRetained" : "compressedPooled", true, retain,
                 [=](const std::string&) { return make_compressed(pooled(64 * kMiB)); }});
  all.push_back({retain ? "tieredPageableRetained" : "tieredPageable", true, retain,
                 [=](const std::string&) { return make_tiered(pageable(), 4 * kMiB, pageable()); }});
  all.push_back({retain ? "tieredPooledRetained" : "tieredPooled", true, retain,
                 [=](const std::string&) { return make_tiered(pooled(10 * kMiB), 0, pageable()); }});
  all.push_back({retain ? "compressedTieredRetained" : "compressedTiered", true, retain,
                 [=](const std::string&) { return make_compressed(make_tiered(pageable(), 6 * kMiB, pageable())); }});
  all.push_back({retain ? "tieredCompressedRetained" : "tieredCompressed", true, retain, [=](const std::string&) {
                   return make_tiered(make_compressed(pageable()), 8 * kMiB, make_compressed(pageable()));
                 }});
}

std::vector<BackupCase> cases() {
  std::vector<BackupCase> all;
  all.push_back({"none", false, false, [](const std::string&) { return std::make_unique<NoBackup>(); }});
  for (const bool retain : {false, true}) {
    for (const bool verify : {false, true}) {
      const HostBackupOptions options{retain, verify};
      const char* const pageable[] = {"pageable", "pageableVerified", "pageableRetained", "pageableRetainedVerified"};
      const char* const pooled[] = {"pooled", "pooledVerified", "pooledRetained", "pooledRetainedVerified"};
      const size_t index = (retain ? 2U : 0U) + (verify ? 1U : 0U);
      all.push_back({pageable[index], true, retain,
                     [options](const std::string&) { return std::make_unique<HostBackup>(options); }});
      all.push_back({pooled[index], true, retain,
                     [options](const std::string&) { return std::make_unique<HostBackup>(make_pool(), options); }});
    }
    add_decorators(all, retain);
  }
  for (const bool retain : {false, true}) {
    const auto add = [&](const char* name, const BackupDirectoryOptions& options) {
      all.push_back({name, true, retain, [options, retain](const std::string& path) {
                       return std::make_unique<FileBackup>(BackupDirectory::open(path, options).value(),
                                                           FileBackupOptions{.retain = retain});
                     }});
    };
    // io_uring where the machine has it.
    add(retain ? "fileRetained" : "file", {.lanes = 1});
    add(retain ? "fileByThreadsRetained" : "fileByThreads", {.block_bytes = 4 * kMiB, .engine = IoEngine::kThreads});
    add(retain ? "fileBufferedRetained" : "fileBuffered", {.queue_depth = 2, .direct = false});
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

  // What the backup holds, wherever that is.
  uint64_t kept_bytes() const { return backup_->held_bytes() + backup_->stored_bytes(); }

  const test::TemporaryDirectory place_;
  std::vector<std::byte> image_ = test::pattern(kImageBytes, 20);
  std::shared_ptr<fake::FakeDevice> fake_;
  std::unique_ptr<Allocation> allocation_;
  std::unique_ptr<Backup> backup_ = backup_case().open(place_.path());
};

TEST_P(BackupContract, whatWasSavedIsRestored) {
  EXPECT_EQ(backup_->keeps_bytes(), backup_case().keeps_bytes);
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  put(std::vector<std::byte>(kImageBytes, std::byte{0xEE}));
  ASSERT_TRUE(restore().ok());
  EXPECT_EQ(test::same_bytes(content(), image_), backup_case().keeps_bytes);
}

TEST_P(BackupContract, roomIsHeldFromPrepareToReleaseUnlessRetained) {
  EXPECT_EQ(kept_bytes(), 0U);
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  if (backup_case().keeps_bytes) {
    EXPECT_GE(kept_bytes(), kImageBytes);
  }
  ASSERT_TRUE(save().ok());
  backup_->release();
  EXPECT_EQ(kept_bytes() >= kImageBytes, backup_case().retains);
  if (!backup_case().retains) {
    EXPECT_EQ(kept_bytes(), 0U);
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
  EXPECT_EQ(test::same_bytes(content(), image_), backup_case().keeps_bytes);
}

TEST_P(BackupContract, releaseWithoutPrepareIsHarmless) {
  backup_->release();
  EXPECT_EQ(kept_bytes(), 0U);
}

// Backups that keep bytes promise more.
class KeepingBackupContract : public BackupContract {};

TEST_P(KeepingBackupContract, whatWasSavedIsSettledAtTheLatestBySettle) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  EXPECT_EQ(backup_->settled_bytes(), 0U);
  ASSERT_TRUE(save().ok());
  EXPECT_LE(backup_->settled_bytes(), kImageBytes);
  ASSERT_TRUE(backup_->settle().ok());
  EXPECT_EQ(backup_->settled_bytes(), kImageBytes);
}

TEST_P(KeepingBackupContract, anyPartOfTheImageCanBeRead) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  ASSERT_TRUE(backup_->settle().ok());
  const std::pair<uint64_t, uint64_t> ranges[] = {
      {0, kImageBytes}, {5, 1}, {2 * kMiB - 1, 2}, {kImageBytes - 3, 3}, {3 * kMiB, 5 * kMiB + 1}, {kImageBytes, 0}};
  for (const auto& [offset, bytes] : ranges) {
    std::vector<std::byte> read(bytes);
    ASSERT_TRUE(backup_->read(offset, read.data(), bytes).ok());
    EXPECT_TRUE(test::lies_at(read, image_, offset)) << offset;
  }
}

TEST_P(KeepingBackupContract, partsAreRestoredInAnyOrder) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  ASSERT_TRUE(backup_->settle().ok());
  put(std::vector<std::byte>(kImageBytes, std::byte{0}));
  for (const size_t index : {2U, 0U, 1U, 2U}) {
    const Allocation::Extent& extent = allocation_->extents()[index];
    const uint64_t bytes = std::min(extent.bytes, kImageBytes - extent.offset);
    ASSERT_TRUE(backup_->restore(*fake_, allocation_->address() + extent.offset, extent.offset, bytes).ok());
  }
  EXPECT_TRUE(test::same_bytes(content(), image_));
}

TEST_P(KeepingBackupContract, whatWasSettledBeforeAFailureIsRestored) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  const Allocation::Extent first = allocation_->extents()[0];
  const Allocation::Extent second = allocation_->extents()[1];
  ASSERT_TRUE(backup_->save(*fake_, allocation_->address(), 0, first.bytes).ok());
  fake_->fail_always("copy_out");
  const bool failed = !backup_->save(*fake_, allocation_->address() + second.offset, second.offset, second.bytes).ok();
  fake_->forgive();
  // Who compresses reads memory that the host can reach without asking the device.
  EXPECT_TRUE(failed || std::get<1>(GetParam()));
  ASSERT_TRUE(backup_->settle().ok()) << "what was begun is not what failed";
  EXPECT_GE(backup_->settled_bytes(), first.bytes);
  put(std::vector<std::byte>(kImageBytes, std::byte{0}));
  ASSERT_TRUE(backup_->restore(*fake_, allocation_->address(), 0, first.bytes).ok());
  const std::vector<std::byte> found = content();
  EXPECT_TRUE(test::lies_at(std::span(found).first(first.bytes), image_, 0));
}

TEST_P(KeepingBackupContract, whatIsRetainedCanBeReadAfterRelease) {
  if (!backup_->retains()) return;
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  backup_->release();
  put(std::vector<std::byte>(kImageBytes, std::byte{0}));
  ASSERT_TRUE(restore().ok());
  EXPECT_TRUE(test::same_bytes(content(), image_));
}

TEST_P(KeepingBackupContract, aFailedRestoreLeavesTheBytesForTheNext) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  ASSERT_TRUE(allocation_->decommit().ok());
  if (!std::get<1>(GetParam())) {
    EXPECT_FALSE(restore().ok()) << "there is no memory to restore to";
  }
  ASSERT_TRUE(allocation_->commit(nullptr).ok());
  ASSERT_TRUE(restore().ok());
  EXPECT_TRUE(test::same_bytes(content(), image_));
}

TEST_P(KeepingBackupContract, anyPartOfASettledImageCanBeRead) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  ASSERT_TRUE(backup_->settle().ok());
  EXPECT_EQ(backup_->settled_bytes(), kImageBytes);
  std::mt19937_64 random(21);
  for (int round = 0; round < 20; ++round) {
    const uint64_t offset = random() % kImageBytes;
    const uint64_t bytes = random() % (kImageBytes - offset + 1);
    std::vector<std::byte> part(bytes);
    ASSERT_TRUE(backup_->read(offset, part.data(), bytes).ok());
    ASSERT_TRUE(test::lies_at(part, image_, offset));
  }
}

TEST_P(KeepingBackupContract, whatWasSettledIsRestoredAfterAFailedSave) {
  fake_->hide_from_host();  // Host memory may be read without a call that could fail.
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  const uint64_t address = allocation_->address();
  ASSERT_TRUE(backup_->save(*fake_, address, 0, 6 * kMiB).ok());
  ASSERT_TRUE(backup_->save(*fake_, address + 6 * kMiB, 6 * kMiB, 6 * kMiB).ok());
  fake_->fail_always("copy_out");
  EXPECT_FALSE(backup_->save(*fake_, address + 12 * kMiB, 12 * kMiB, kImageBytes - 12 * kMiB).ok());
  fake_->forgive();
  (void)backup_->settle();
  const uint64_t settled = backup_->settled_bytes() / kHugePageBytes * kHugePageBytes;
  EXPECT_GE(settled, 12 * kMiB);
  put(std::vector<std::byte>(kImageBytes, std::byte{0xEE}));
  ASSERT_TRUE(backup_->restore(*fake_, address, 0, settled).ok());
  const std::vector<std::byte> now = content();
  EXPECT_TRUE(test::lies_at(std::span(now).first(settled), image_, 0));
  backup_->release();
}

TEST_P(KeepingBackupContract, aViewIsTheImageAsFarAsItGoes) {
  ASSERT_TRUE(backup_->prepare(kImageBytes).ok());
  ASSERT_TRUE(save().ok());
  ASSERT_TRUE(backup_->settle().ok());
  for (uint64_t offset = 0; offset < kImageBytes; offset += kMiB + 4097) {
    const std::span<const std::byte> seen = backup_->view(offset);
    const uint64_t bytes = std::min<uint64_t>(seen.size(), kImageBytes - offset);
    EXPECT_TRUE(test::lies_at(std::span(seen).first(bytes), image_, offset));
  }
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
