#include "device/device.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

// Goal: what the interface does for devices that the host cannot reach. Method: one that hides its memory.
class DeviceTest : public testing::Test {
 protected:
  DeviceTest() {
    device_->hide_from_host();
    EXPECT_TRUE(allocation_->commit(nullptr).ok());
  }

  std::shared_ptr<fake::FakeDevice> device_ =
      std::make_shared<fake::FakeDevice>(EmulatedDevice::open({16 * kMiB, 1}).value());
  std::unique_ptr<Allocation> allocation_ = Allocation::open(device_, 4 * kMiB, 2 * kMiB).value();
};

TEST_F(DeviceTest, hashedCopiesMoveAndHashTheBytes) {
  const std::vector<std::byte> bytes = test::pattern(3 * kMiB + 5, 1);
  std::vector<std::byte> back(bytes.size());
  const Hash128 expected = hash(bytes.data(), bytes.size());
  EXPECT_EQ(device_->copy_in_hashed(allocation_->address(), bytes.data(), bytes.size()).value(), expected);
  EXPECT_EQ(device_->copy_out_hashed(back.data(), allocation_->address(), back.size()).value(), expected);
  EXPECT_TRUE(test::same_bytes(back, bytes));
}

TEST_F(DeviceTest, hashedCopiesFailWhereTheCopyDoes) {
  std::byte byte{};
  device_->fail_always("copy_in");
  device_->fail_always("copy_out");
  EXPECT_EQ(device_->copy_in_hashed(allocation_->address(), &byte, 1).status().code(), Code::kDevice);
  EXPECT_EQ(device_->copy_out_hashed(&byte, allocation_->address(), 1).status().code(), Code::kDevice);
}

TEST_F(DeviceTest, aDeviceThatCannotShareSaysSo) {
  const PhysicalId physical = allocation_->extents()[0].physical;
  EXPECT_EQ(device_->export_memory(physical).status().code(), Code::kUnsupported);
  EXPECT_EQ(device_->import_memory(0, 2 * kMiB).status().code(), Code::kUnsupported);
}

TEST_F(DeviceTest, pinningWhereNothingIsGainedSucceeds) {
  std::vector<std::byte> bytes(4096);
  EXPECT_TRUE(device_->pin_host(bytes.data(), bytes.size()).ok());
  EXPECT_TRUE(device_->unpin_host(bytes.data(), bytes.size()).ok());
}

TEST_F(DeviceTest, itsAllocationsAreFoundByAddressUntilTheyEnd) {
  const uint64_t address = allocation_->address();
  EXPECT_EQ(device_->allocations().find(address + kMiB, kMiB).value()->id(), allocation_->record().id());
  allocation_ = nullptr;
  EXPECT_EQ(device_->allocations().find(address, 1).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace windlass
