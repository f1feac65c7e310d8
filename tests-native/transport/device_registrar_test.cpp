// Over the fake driver and a fake network card: what goes by dma-buf, and why it does not.
#include "transport/device_registrar.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "device/cuda/cuda_device_fixture.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_dmabuf_registrar.hpp"

namespace windlass {
namespace {

class DeviceRegistrarTest : public test::CudaDeviceFixture {
 protected:
  static std::byte* data_of_device(const Mapped& mapped) { return reinterpret_cast<std::byte*>(mapped.address); }

  const std::shared_ptr<fake::FakeDmabufRegistrar> card_ = std::make_shared<fake::FakeDmabufRegistrar>();
};

TEST_F(DeviceRegistrarTest, gpuMemoryIsRegisteredWhereItLiesIfBothCan) {
  card_->take(true);
  const auto device = open();
  const Mapped mapped = map(*device, test::kUnit);
  const DeviceMemoryPath path = choose_device_memory_path(card_, device);
  ASSERT_NE(path.registrar, nullptr) << path.description;
  EXPECT_EQ(path.description, "registered where it lies, by dma-buf");
  EXPECT_EQ(path.registrar->name(), card_->name());
  {
    const auto made = path.registrar->register_memory(data_of_device(mapped) + 5000, 10'000, 0);
    ASSERT_TRUE(made.ok()) << made.status().to_string();
    const DmabufRange& range = card_->last();
    EXPECT_EQ(range.offset, 5000U - 4096U);
    EXPECT_EQ(range.bytes, 10'000U);
    EXPECT_EQ(range.address, mapped.address + 5000);
    EXPECT_EQ(fcntl(range.descriptor, F_GETFD), -1) << "closed again";
    EXPECT_TRUE(card_->last_was_open()) << "while it was registered";
    EXPECT_EQ(card_->live(), 1U);
  }
  EXPECT_EQ(card_->live(), 0U);
  drop(*device, mapped);
}

TEST_F(DeviceRegistrarTest, whicheverSideCannotItIsStagedAndTheReasonIsTold) {
  const auto device = open();
  DeviceMemoryPath path = choose_device_memory_path(card_, device);
  EXPECT_EQ(path.registrar, nullptr);
  EXPECT_EQ(path.description, "staged through pinned buffers: fake card takes no memory of other devices");
  card_->take(true);
  fake_.set_attribute(cuda::Attribute::kDmaBufSupported, 0);
  path = choose_device_memory_path(card_, open());
  EXPECT_EQ(path.registrar, nullptr);
  EXPECT_NE(path.description.find("gives no dma-buf"), std::string::npos) << path.description;
}

TEST_F(DeviceRegistrarTest, memoryThatTheHostReachesIsRegisteredAsItsOwn) {
  const auto emulated = EmulatedDevice::open({64 * kMiB, 1, false}).value();
  EXPECT_EQ(choose_device_memory_path(card_, emulated).registrar, card_);
}

TEST_F(DeviceRegistrarTest, aFailureOfEitherSideLeavesNothing) {
  card_->take(true);
  const auto device = open();
  const Mapped mapped = map(*device, test::kUnit);
  const auto registrar = DeviceRegistrar::open(card_, device).value();
  EXPECT_EQ(registrar->register_memory(data_of_device(mapped), 0, 0).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(registrar->register_memory(data_of_device(mapped) + test::kUnit, 4096, 0).status().code(),
            Code::kInvalidArgument);
  fake_.fail("cuMemGetHandleForAddressRange", 1, cuda::Code::kUnknown);
  EXPECT_EQ(registrar->register_memory(data_of_device(mapped), 4096, 0).status().code(), Code::kDevice);
  card_->fail_next(Code::kNoMemory);
  EXPECT_EQ(registrar->register_memory(data_of_device(mapped), 4096, 0).status().code(), Code::kNoMemory);
  EXPECT_EQ(card_->live(), 0U);
  drop(*device, mapped);
}

}  // namespace
}  // namespace windlass
