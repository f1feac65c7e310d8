// For the tests of file backups: a device with an image, and a directory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "backup/file_backup.hpp"
#include "base/bytes.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "fake/fake_file_calls.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"
#include "support/temporary_directory.hpp"

namespace windlass::test {

// An image in a device's memory, in extents of 6 MiB.
class DeviceImage {
 public:
  DeviceImage(uint64_t bytes, uint64_t seed) : image_(pattern(bytes, seed)) {
    device_ = std::make_shared<fake::FakeDevice>(EmulatedDevice::open({round_up(bytes, 6 * kMiB), 2}).value());
    allocation_ = Allocation::open(device_, bytes, 6 * kMiB).value();
    EXPECT_TRUE(allocation_->commit(nullptr).ok());
    put();
  }

  void put() const { EXPECT_TRUE(device_->copy_in(address(), image_.data(), image_.size()).ok()); }

  fake::FakeDevice& device() const { return *device_; }
  std::shared_ptr<fake::FakeDevice> shared_device() const { return device_; }
  uint64_t address() const { return allocation_->address(); }
  uint64_t bytes() const { return image_.size(); }

  Status save(Backup& backup) const {
    return for_each_extent(
        [&](uint64_t from, uint64_t offset, uint64_t part) { return backup.save(*device_, from, offset, part); });
  }
  // Overwrites the device's memory, and restores up to end.
  Status restore(Backup& backup, uint64_t end = UINT64_MAX) {
    const std::vector<std::byte> zeros(image_.size());
    EXPECT_TRUE(device_->copy_in(address(), zeros.data(), zeros.size()).ok());
    return for_each_extent(
        [&](uint64_t to, uint64_t offset, uint64_t part) { return backup.restore(*device_, to, offset, part); }, end);
  }
  // Whether the device has the image, from its start up to end.
  bool intact(uint64_t end = UINT64_MAX) const {
    std::vector<std::byte> found(std::min(end, bytes()));
    EXPECT_TRUE(device_->copy_out(found.data(), address(), found.size()).ok());
    return test::lies_at(found, image_, 0);
  }

 private:
  template <typename Step>
  Status for_each_extent(Step step, uint64_t end = UINT64_MAX) const {
    for (const Allocation::Extent& extent : allocation_->extents()) {
      const uint64_t stop = std::min(end, bytes());
      if (extent.offset >= stop) break;
      const uint64_t part = std::min(extent.bytes, stop - extent.offset);
      if (Status done = step(address() + extent.offset, extent.offset, part); !done.ok()) return done;
    }
    return Status();
  }

  std::vector<std::byte> image_;
  std::shared_ptr<fake::FakeDevice> device_;
  std::unique_ptr<Allocation> allocation_;
};

class FileBackupFixture : public testing::Test {
 protected:
  static constexpr uint64_t kImageBytes = 13 * kMiB + 12345;

  std::shared_ptr<BackupDirectory> open(BackupDirectoryOptions options = {}) {
    options.calls = &calls_;
    return BackupDirectory::open(place_.path(), options).value();
  }
  std::unique_ptr<FileBackup> make(const BackupDirectoryOptions& options = {}, bool retain = false) {
    return std::make_unique<FileBackup>(open(options), FileBackupOptions{.retain = retain});
  }
  size_t backup_files() const { return place_.names_ending(".backup").size(); }

  const TemporaryDirectory place_;
  fake::FakeFileCalls calls_;
  DeviceImage image_{kImageBytes, 11};
};

}  // namespace windlass::test
