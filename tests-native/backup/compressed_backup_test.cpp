#include "backup/compressed_backup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "backup/host_backup.hpp"
#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "codec/samples.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_backup.hpp"
#include "fake/fake_device.hpp"
#include "support/allocation_failure.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

using Bytes = std::vector<std::byte>;

// Compressed, this is more than one step of the stream, and no multiple of anything.
constexpr uint64_t kImageBytes = 13 * kMiB + 4321;
constexpr uint64_t kStepBytes = 6 * kMiB;

class CompressedBackupTest : public testing::Test {
 protected:
  CompressedBackupTest() {
    EXPECT_TRUE(allocation_->commit(nullptr).ok());
    put(image_);
  }

  // Over pageable memory whose calls can be made to fail.
  std::unique_ptr<CompressedBackup> open() {
    auto real = std::make_unique<HostBackup>(HostBackupOptions{});
    inner_ = real.get();
    return std::make_unique<CompressedBackup>(std::make_unique<fake::FakeBackup>(std::move(real), controls_), workers_,
                                              CompressedBackupOptions{});
  }

  void put(const Bytes& bytes) {
    EXPECT_TRUE(device_->copy_in(allocation_->address(), bytes.data(), bytes.size()).ok());
  }
  void clear() { put(Bytes(kImageBytes)); }
  Bytes content() {
    Bytes bytes(kImageBytes);
    EXPECT_TRUE(device_->copy_out(bytes.data(), allocation_->address(), bytes.size()).ok());
    return bytes;
  }
  Status save(Backup& backup) {
    if (Status room = backup.prepare(kImageBytes); !room.ok()) return room;
    for (uint64_t offset = 0; offset < kImageBytes; offset += kStepBytes) {
      const uint64_t bytes = std::min(kStepBytes, kImageBytes - offset);
      if (Status saved = backup.save(*fake_, allocation_->address() + offset, offset, bytes); !saved.ok()) return saved;
    }
    return backup.settle();
  }
  Status restore(Backup& backup) { return backup.restore(*fake_, allocation_->address(), 0, kImageBytes); }

  const Bytes image_ = test::make_sample(test::Sample::kBf16, kImageBytes, 30);
  std::shared_ptr<EmulatedDevice> device_ = EmulatedDevice::open({64 * kMiB, 2}).value();
  std::shared_ptr<fake::FakeDevice> fake_ = std::make_shared<fake::FakeDevice>(device_);
  std::unique_ptr<Allocation> allocation_ = Allocation::open(device_, kImageBytes, 4 * kMiB).value();
  std::shared_ptr<ChunkWorkers> workers_ = ChunkWorkers::open({3, 256 * kKiB}).value();
  std::shared_ptr<fake::FakeBackup::Controls> controls_ = std::make_shared<fake::FakeBackup::Controls>();
  HostBackup* inner_ = nullptr;
};

TEST_F(CompressedBackupTest, aSettledImageTakesWhatItCompressedTo) {
  const auto backup = open();
  ASSERT_TRUE(save(*backup).ok());
  const CompressionCount count = backup->count();
  EXPECT_EQ(count.raw_bytes, kImageBytes);
  EXPECT_LT(count.compressed_bytes, kImageBytes * 7 / 10);
  EXPECT_EQ(backup->held_bytes(), round_up(count.compressed_bytes, kHugePageBytes));
  clear();
  ASSERT_TRUE(restore(*backup).ok());
  EXPECT_TRUE(test::same_bytes(content(), image_));
}

TEST_F(CompressedBackupTest, everyMethodAndChunkSizeRestores) {
  for (const std::optional<Method> method :
       {std::optional<Method>(), std::optional(Method::kRaw), std::optional(Method::kLz4), std::optional(Method::kZstd),
        std::optional(Method::kFloat16), std::optional(Method::kFloat32)}) {
    for (const uint64_t chunk_bytes : {4 * kKiB, 1 * kMiB, 2 * kMiB}) {
      CompressedBackup backup(std::make_unique<HostBackup>(HostBackupOptions{}),
                              ChunkWorkers::open({2, chunk_bytes}).value(), {method});
      ASSERT_TRUE(save(backup).ok());
      clear();
      ASSERT_TRUE(restore(backup).ok());
      ASSERT_TRUE(test::same_bytes(content(), image_));
    }
  }
}

TEST_F(CompressedBackupTest, aFlippedBitAnywhereNamesItsChunk) {
  for (const bool hidden : {false, true}) {
    controls_->hides_memory = hidden;
    const auto backup = open();
    ASSERT_TRUE(save(*backup).ok());
    std::byte* const stream = inner_->extents()[0].data();
    const uint64_t stream_bytes = backup->count().compressed_bytes;
    for (const uint64_t at : {uint64_t{0}, uint64_t{5}, uint64_t{1000}, stream_bytes / 2, stream_bytes - 1}) {
      stream[at] ^= std::byte{0x10};
      Status restored = restore(*backup);
      EXPECT_EQ(restored.code(), Code::kCorrupt) << at;
      EXPECT_NE(restored.message().find("chunk "), std::string_view::npos) << restored.message();
      EXPECT_NE(restored.message().find("at offset "), std::string_view::npos) << restored.message();
      Bytes read(kImageBytes);
      EXPECT_EQ(backup->read(0, read.data(), kImageBytes).code(), Code::kCorrupt) << at;
      stream[at] ^= std::byte{0x10};
    }
    clear();
    EXPECT_TRUE(restore(*backup).ok()) << "the bytes stay";
    EXPECT_TRUE(test::same_bytes(content(), image_));
  }
}

TEST_F(CompressedBackupTest, aFailureOfTheInnerBackupAtAnyStepLosesNothing) {
  for (const bool hidden : {false, true}) {
    controls_->hides_memory = hidden;
    for (uint64_t step = 1;; ++step) {
      const auto backup = open();
      controls_->fail_at(step);
      Status saved = save(*backup);
      if (!saved.ok()) {
        // What is settled can be restored, and then the next pause works.
        const uint64_t settled = backup->settled_bytes() / kHugePageBytes * kHugePageBytes;
        clear();
        ASSERT_TRUE(backup->restore(*fake_, allocation_->address(), 0, settled).ok());
        const Bytes now = content();
        ASSERT_TRUE(test::lies_at(std::span(now).first(settled), image_, 0));
        backup->release();
        EXPECT_EQ(backup->held_bytes(), 0U);
        put(image_);
        ASSERT_TRUE(save(*backup).ok());
      }
      clear();
      if (!restore(*backup).ok()) {
        ASSERT_TRUE(restore(*backup).ok()) << "a failed restore leaves the bytes";
      }
      ASSERT_TRUE(test::same_bytes(content(), image_));
      put(image_);
      if (!controls_->failed()) break;
    }
  }
}

TEST_F(CompressedBackupTest, aFailureOfTheDeviceAtAnyStepLosesNothing) {
  fake_->hide_from_host();
  const auto backup = open();
  for (uint64_t step = 1;; step += 7) {
    put(image_);
    fake_->fail_at(step);
    Status saved = save(*backup);
    if (!saved.ok()) {
      EXPECT_EQ(saved.code(), Code::kDevice);
      EXPECT_EQ(saved.system_code(), 700);
      backup->release();
      ASSERT_TRUE(save(*backup).ok());
    }
    clear();
    if (!restore(*backup).ok()) {
      ASSERT_TRUE(restore(*backup).ok());
    }
    ASSERT_TRUE(test::same_bytes(content(), image_));
    backup->release();
    if (!fake_->failed()) break;
  }
}

TEST_F(CompressedBackupTest, withoutMemoryAtAnyAllocationNothingIsLost) {
  const auto backup = open();
  bool fired = true;
  const auto attempt = [&](uint64_t nth, auto&& work) {
    const test::FailAllocationAfter failing(nth);
    Status done = contain(work);
    fired = fired || failing.fired();
    return done;
  };
  for (uint64_t nth = 1; fired; ++nth) {
    fired = false;
    Status saved = attempt(nth, [&] { return save(*backup); });
    if (!saved.ok()) {
      ASSERT_EQ(saved.code(), Code::kNoMemory) << saved.to_string();
      backup->release();
      ASSERT_TRUE(save(*backup).ok());
    }
    clear();
    if (!attempt(nth, [&] { return restore(*backup); }).ok()) {
      ASSERT_TRUE(restore(*backup).ok());
    }
    ASSERT_TRUE(test::same_bytes(content(), image_));
    backup->release();
    ASSERT_EQ(backup->held_bytes(), 0U);
  }
}

TEST_F(CompressedBackupTest, onlyWhatTheInnerBackupSettledCounts) {
  controls_->settles_late = true;
  const auto backup = open();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(backup->save(*fake_, allocation_->address(), 0, kStepBytes * 2).ok());
  EXPECT_EQ(backup->settled_bytes(), 0U);
  ASSERT_TRUE(backup->settle().ok());
  EXPECT_EQ(backup->settled_bytes(), kStepBytes * 2);
}

TEST_F(CompressedBackupTest, theTailCountsOnlyOnceItIsFlushed) {
  const auto backup = open();
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  ASSERT_TRUE(backup->save(*fake_, allocation_->address(), 0, 2 * kMiB).ok());
  EXPECT_EQ(backup->settled_bytes(), 0U) << "less than a step of the stream";
  ASSERT_TRUE(backup->save(*fake_, allocation_->address() + 2 * kMiB, 2 * kMiB, 10 * kMiB).ok());
  EXPECT_GT(backup->settled_bytes(), 2 * kMiB);
  EXPECT_LT(backup->settled_bytes(), 12 * kMiB);
  ASSERT_TRUE(backup->settle().ok());
  EXPECT_EQ(backup->settled_bytes(), 12 * kMiB);
}

TEST_F(CompressedBackupTest, savingOutOfOrderOrUnpreparedIsRefused) {
  const auto backup = open();
  EXPECT_EQ(backup->save(*fake_, allocation_->address(), 0, kMiB).code(), Code::kState);
  ASSERT_TRUE(backup->prepare(kImageBytes).ok());
  EXPECT_EQ(backup->save(*fake_, allocation_->address(), 2 * kMiB, 2 * kMiB).code(), Code::kState);
  ASSERT_TRUE(backup->save(*fake_, allocation_->address(), 0, 2 * kMiB).ok());
  EXPECT_EQ(backup->save(*fake_, allocation_->address(), 2 * kMiB, kImageBytes).code(), Code::kState) << "too much";
  EXPECT_EQ(backup->restore(*fake_, allocation_->address(), 0, 4 * kMiB).code(), Code::kInvalidArgument);
  ASSERT_TRUE(backup->settle().ok());
  EXPECT_EQ(backup->save(*fake_, allocation_->address(), 2 * kMiB, 2 * kMiB).code(), Code::kState);
  EXPECT_EQ(backup->prepare(UINT64_MAX).code(), Code::kNoSpace);
}

TEST_F(CompressedBackupTest, theInnerBackupsRefusalIsPassedOnAndNothingIsHeld) {
  controls_->most_prepare_bytes = kImageBytes;
  const auto backup = open();
  EXPECT_EQ(backup->prepare(kImageBytes).code(), Code::kNoSpace) << "headers need room too";
  EXPECT_EQ(backup->held_bytes(), 0U);
  EXPECT_EQ(backup->count().raw_bytes, 0U);
}

TEST_F(CompressedBackupTest, backupsThatShareWorkersWorkAtOnce) {
  // Goal: regions that pause and resume at once, with somebody asking how far they are, do not disturb one another.
  std::atomic<bool> done = false;
  std::vector<std::unique_ptr<CompressedBackup>> backups;
  for (int i = 0; i < 3; ++i) {
    backups.push_back(std::make_unique<CompressedBackup>(std::make_unique<HostBackup>(HostBackupOptions{}), workers_,
                                                         CompressedBackupOptions{}));
  }
  const auto cycle = [&](CompressedBackup& backup) {
    for (int round = 0; round < 3; ++round) {
      EXPECT_TRUE(save(backup).ok());
      Bytes read(kImageBytes);
      EXPECT_TRUE(backup.read(0, read.data(), read.size()).ok());
      EXPECT_TRUE(test::same_bytes(read, image_));
      backup.release();
    }
  };
  std::jthread watcher([&] {
    while (!done) {
      for (const auto& backup : backups) {
        EXPECT_LE(backup->settled_bytes(), kImageBytes);
        EXPECT_LE(backup->count().raw_bytes, kImageBytes);
        (void)backup->held_bytes();
      }
    }
  });
  {
    std::vector<std::jthread> owners;
    for (const auto& backup : backups) owners.emplace_back([&] { cycle(*backup); });
  }
  done = true;
}

}  // namespace
}  // namespace windlass
