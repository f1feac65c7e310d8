#include "backup/no_backup.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "device/emulated/emulated_device.hpp"

namespace windlass {
namespace {

TEST(NoBackupTest, itHoldsNothingAndSaysSo) {
  const auto device = EmulatedDevice::open({64 * kMiB, 1}).value();
  NoBackup backup;
  EXPECT_EQ(backup.name(), "none");
  EXPECT_FALSE(backup.keeps_bytes());
  EXPECT_TRUE(backup.prepare(uint64_t{1} << 60).ok()) << "no size is too large to drop";
  EXPECT_TRUE(backup.save(*device, 0, 0, 1).ok());
  EXPECT_EQ(backup.held_bytes(), 0U);
}

}  // namespace
}  // namespace windlass
