// What a CUDA device does when its driver fails, and when its user does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "device/cuda/cuda_device.hpp"
#include "device/cuda/cuda_device_fixture.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

using test::kUnit;
using testing::HasSubstr;

class CudaDeviceFaultsTest : public test::CudaDeviceFixture {
 protected:
  // Does a step, and once more if a call of the driver's has failed in it.
  template <typename Act>
  void step(Act act) {
    const bool was_failed = fake_.failed();
    Status done = act();
    if (!done.ok() && !was_failed && fake_.failed()) done = act();
    ASSERT_TRUE(done.ok()) << done.to_string();
  }

  // Everything that happens to a piece of memory.
  void live_a_life(CudaDevice& device, const std::vector<std::byte>& image) {
    constexpr uint64_t kBytes = 2 * kUnit;
    uint64_t address = 0;
    PhysicalId physical = 0;
    std::vector<std::byte> back(image.size(), std::byte{1});
    const auto read_back = [&] { return device.copy_out(back.data(), address, back.size()); };
    const auto keep = [](const auto& result, uint64_t& value) {
      if (result.ok()) value = *result;
      return result.status();
    };
    ASSERT_NO_FATAL_FAILURE(step([&] { return keep(device.reserve(kBytes), address); }));
    ASSERT_NO_FATAL_FAILURE(step([&] { return keep(device.create(kBytes), physical); }));
    ASSERT_NO_FATAL_FAILURE(step([&] { return device.map(address, kBytes, physical); }));
    ASSERT_NO_FATAL_FAILURE(step([&] { return device.set_access(address, kBytes); }));
    ASSERT_NO_FATAL_FAILURE(step(read_back));
    EXPECT_TRUE(back == std::vector<std::byte>(back.size()));
    ASSERT_NO_FATAL_FAILURE(step([&] { return device.copy_in(address, image.data(), image.size()); }));
    ASSERT_NO_FATAL_FAILURE(step(read_back));
    EXPECT_TRUE(test::same_bytes(back, image));
    ASSERT_NO_FATAL_FAILURE(step([&] { return device.drain(); }));
    ASSERT_NO_FATAL_FAILURE(step([&] { return device.unmap(address, kBytes); }));
    ASSERT_NO_FATAL_FAILURE(step([&] { return device.release(physical); }));
    ASSERT_NO_FATAL_FAILURE(step([&] { return device.unreserve(address, kBytes); }));
  }
};

TEST_F(CudaDeviceFaultsTest, anOpeningThatFailsAnywhereHoldsNothing) {
  const CudaDeviceOptions options = small_slots();
  // The attributes are asked for one by one, and one that cannot be had is one that the GPU does not have.
  const uint64_t before = fake_.calls(nullptr);
  open().reset();
  const uint64_t calls = fake_.calls(nullptr) - before;
  ASSERT_GT(calls, 20U);
  uint64_t failed = 0;
  for (const char* const call : {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2",
                                 "cuDevicePrimaryCtxRetain", "cuMemGetAllocationGranularity", "cuCtxPushCurrent_v2",
                                 "cuMemHostRegister_v2", "cuStreamCreate", "cuEventCreate"}) {
    for (uint64_t nth = 1; nth <= 8; ++nth) {
      fake_.fail(call, nth, cuda::Code::kUnknown);
      const Result<std::shared_ptr<CudaDevice>> opened = CudaDevice::open(options);
      if (opened.ok()) break;
      ++failed;
      EXPECT_TRUE(fake_.failed());
      EXPECT_EQ(opened.status().system_code(), 999) << call << " " << nth;
      EXPECT_EQ(fake::leftovers(fake_.live()), "") << call << " " << nth;
    }
    fake_.forgive();
  }
  EXPECT_EQ(failed, 4U + 1 + 2 + 2 + 2 + 2 + 6) << "each call of each kind has failed once";
}

TEST_F(CudaDeviceFaultsTest, aFailureAtAnyCallLosesNothing) {
  CudaDeviceOptions options = small_slots();
  options.staging = {512 * kKiB, 3};
  const auto device = CudaDevice::open(options).value();
  const fake_cuda_live idle = fake_.live();
  const std::vector<std::byte> image = test::pattern(kUnit + 7, 4);
  uint64_t failures = 0;
  for (uint64_t nth = 1;; ++nth) {
    fake_.fail(nullptr, nth, cuda::Code::kUnknown);
    live_a_life(*device, image);
    if (HasFatalFailure()) FAIL() << "call " << nth;
    const bool failed = fake_.failed();
    fake_.forgive();
    ASSERT_EQ(fake_.violations(), "");
    const fake_cuda_live after = fake_.live();
    ASSERT_EQ(after.reservations + after.handles + after.mappings + after.stack_depth, 0U) << nth;
    ASSERT_EQ(after.used_bytes, 0U);
    ASSERT_EQ(after.registrations, idle.registrations);
    ASSERT_EQ(device->memory().value().used_bytes, 0U);
    if (!failed) break;
    ++failures;
  }
  EXPECT_GT(failures, 50U);
}

TEST_F(CudaDeviceFaultsTest, accessIsTakenBackWhereZeroingFails) {
  const auto device = open();
  const uint64_t address = device->reserve(kUnit).value();
  const PhysicalId physical = device->create(kUnit).value();
  ASSERT_TRUE(device->map(address, kUnit, physical).ok());
  fake_.fail("cuMemsetD8Async", 1, cuda::Code::kUnknown);
  EXPECT_FALSE(device->set_access(address, kUnit).ok());
  EXPECT_FALSE(fake_.has_access(address, 0));
  EXPECT_FALSE(fake_.has_access(address, 1));
  std::byte byte{};
  EXPECT_EQ(device->copy_out(&byte, address, 1).code(), Code::kInvalidArgument);
  drop(*device, {address, kUnit, physical});
}

TEST_F(CudaDeviceFaultsTest, onceTheContextIsLostEveryCallFailsAtOnceAndSaysWhy) {
  may_leave();
  const auto device = open();
  const Mapped mapped = map(*device, kUnit);
  fake_.lose_context(0, cuda::Code::kIllegalAddress);
  std::vector<std::byte> bytes(kUnit);
  EXPECT_EQ(device->copy_out(bytes.data(), mapped.address, kUnit).system_code(), 700) << "somebody's kernel failed";
  const uint64_t calls = fake_.calls(nullptr);
  const std::vector<Status> said = {device->memory().status(),
                                    device->reserve(kUnit).status(),
                                    device->create(kUnit).status(),
                                    device->set_access(mapped.address, kUnit),
                                    device->copy_in(mapped.address, bytes.data(), kUnit),
                                    device->copy_out_hashed(bytes.data(), mapped.address, kUnit).status(),
                                    device->pin_host(bytes.data(), bytes.size()),
                                    device->export_memory(mapped.physical).status(),
                                    device->drain(),
                                    device->unmap(mapped.address, kUnit)};
  EXPECT_EQ(fake_.calls(nullptr), calls) << "the driver is not asked again";
  for (const Status& each : said) {
    EXPECT_EQ(each.code(), Code::kDevice);
    EXPECT_EQ(each.system_code(), 700);
    EXPECT_THAT(std::string(each.message()), HasSubstr("context is lost"));
    EXPECT_THAT(std::string(each.message()), HasSubstr("restart"));
  }
  EXPECT_EQ(device->resident_bytes(mapped.address, kUnit).value(), kUnit);
}

TEST_F(CudaDeviceFaultsTest, whatItsOwnerLeavesIsGivenUpWithIt) {
  std::vector<std::byte> bytes(kUnit);
  const auto device = open();
  map(*device, 2 * kUnit);
  EXPECT_TRUE(device->create(kUnit).ok());
  EXPECT_TRUE(device->reserve(kUnit).ok());
  EXPECT_TRUE(device->pin_host(bytes.data(), bytes.size()).ok());
}

TEST_F(CudaDeviceFaultsTest, memoryIsNotUnmappedUnderACopy) {
  fake_.set_lazy(false);
  const auto device = open();
  const Mapped mapped = map(*device, 8 * kUnit);
  std::thread copying([&] {
    std::vector<std::byte> bytes(mapped.bytes);
    for (int round = 0; round < 20; ++round) {
      // Between copies it may be gone for a moment.
      (void)device->copy_in(mapped.address, bytes.data(), bytes.size());
    }
  });
  for (int round = 0; round < 200; ++round) {
    const Status gone = device->unmap(mapped.address, mapped.bytes);
    if (!gone.ok()) continue;
    EXPECT_TRUE(device->map(mapped.address, mapped.bytes, mapped.physical).ok());
    EXPECT_TRUE(device->set_access(mapped.address, mapped.bytes).ok());
  }
  copying.join();
  drop(*device, mapped);
}

}  // namespace
}  // namespace windlass
