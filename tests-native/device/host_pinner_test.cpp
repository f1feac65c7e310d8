#include "device/host_pinner.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "memory/page_pool.hpp"

namespace windlass {
namespace {

class HostPinnerTest : public testing::Test {
 protected:
  std::shared_ptr<fake::FakeDevice> device_ =
      std::make_shared<fake::FakeDevice>(EmulatedDevice::open({16 * kMiB, 1}).value());
  std::shared_ptr<PagePool> pool_ = PagePool::open({16 * kMiB, 1}).value();
};

TEST_F(HostPinnerTest, aPoolIsPinnedThroughTheDevice) {
  ASSERT_TRUE(pool_->pin_with(std::make_shared<HostPinner>(device_)).ok());
  ASSERT_TRUE(pool_->prepare(4 * kMiB).ok());
  ASSERT_TRUE(pool_->wait_pinned().ok());
  EXPECT_EQ(pool_->info().pinned_bytes, 4 * kMiB);
  pool_->trim();
  EXPECT_EQ(device_->calls(), (std::vector<std::string>{"pin_host", "unpin_host"}));
}

TEST_F(HostPinnerTest, twoPinnersOfOneDeviceStandForOneAnother) {
  ASSERT_TRUE(pool_->pin_with(std::make_shared<HostPinner>(device_)).ok());
  EXPECT_TRUE(pool_->pin_with(std::make_shared<HostPinner>(device_)).ok());
  const std::shared_ptr<Device> other = EmulatedDevice::open({16 * kMiB, 1}).value();
  Status refused = pool_->pin_with(std::make_shared<HostPinner>(other));
  EXPECT_EQ(refused.code(), Code::kState);
  EXPECT_NE(refused.message().find(device_->name()), std::string_view::npos) << refused.message();
}

TEST_F(HostPinnerTest, whatTheDeviceSaysIsPassedOn) {
  device_->fail_always("pin_host");
  ASSERT_TRUE(pool_->pin_with(std::make_shared<HostPinner>(device_)).ok());
  ASSERT_TRUE(pool_->prepare(2 * kMiB).ok());
  EXPECT_EQ(pool_->wait_pinned().code(), Code::kDevice);
}

}  // namespace
}  // namespace windlass
