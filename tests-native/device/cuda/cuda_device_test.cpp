#include "device/cuda/cuda_device.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "device/cuda/cuda_device_fixture.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

using test::kUnit;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CudaDeviceTest : public test::CudaDeviceFixture {};

TEST_F(CudaDeviceTest, itSaysWhatItIs) {
  const auto device = open();
  EXPECT_EQ(device->name(), "CUDA device 0 (Fake GPU, 64 MiB)");
  EXPECT_EQ(device->granularity_bytes(), kUnit);
  EXPECT_FALSE(device->host_accessible());
  EXPECT_EQ(CudaDevice::count(*load()).value(), 2);
}

TEST_F(CudaDeviceTest, itsModelIsToldWithoutAContext) {
  const auto driver = load();
  fake_.set_attribute(cuda::Attribute::kComputeCapabilityMinor, 7);
  const auto model = CudaDevice::model(*driver, 1);
  ASSERT_TRUE(model.ok()) << model.status().to_string();
  EXPECT_EQ(model->name, "Fake GPU");
  EXPECT_EQ(model->compute_major, 9);
  EXPECT_EQ(model->compute_minor, 7);
  EXPECT_EQ(fake_.calls("cuDevicePrimaryCtxRetain"), 0U);
  EXPECT_EQ(CudaDevice::model(*driver, 2).status().code(), Code::kNotFound);
}

TEST_F(CudaDeviceTest, aModelThatTheDriverDoesNotTellIsAFailure) {
  const auto driver = load();
  for (const char* const call : {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute"}) {
    fake_.fail(call, 1, cuda::Code::kUnknown);
    EXPECT_EQ(CudaDevice::model(*driver, 0).status().code(), Code::kDevice) << call;
  }
}

TEST_F(CudaDeviceTest, aGpuThatIsNotThereIsNotFound) {
  CudaDeviceOptions options = small_slots();
  for (const int ordinal : {-1, 2}) {
    options.ordinal = ordinal;
    Result<std::shared_ptr<CudaDevice>> opened = CudaDevice::open(options);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.status().code(), Code::kNotFound);
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr("the driver shows 2"));
  }
}

TEST_F(CudaDeviceTest, aGpuWithoutVirtualMemoryManagementIsUnsupported) {
  fake_.set_attribute(cuda::Attribute::kVirtualMemoryManagementSupported, 0);
  EXPECT_EQ(CudaDevice::open(small_slots()).status().code(), Code::kUnsupported);
}

TEST_F(CudaDeviceTest, peersThatCanReachTheMemoryGetAccessInTheSameCall) {
  const auto device = open_with(CudaPeers::kAll, 1);
  EXPECT_THAT(device->peers(), ElementsAre(0));
  const Mapped mapped = map(*device, kUnit);
  EXPECT_TRUE(fake_.has_access(mapped.address, 0));
  EXPECT_TRUE(fake_.has_access(mapped.address, 1));
  EXPECT_EQ(fake_.calls("cuMemSetAccess"), 1U);
  drop(*device, mapped);
}

TEST_F(CudaDeviceTest, peersThatCannotOrMayNotReachItGetNone) {
  {
    const auto device = open_with(CudaPeers::kNone);
    EXPECT_THAT(device->peers(), IsEmpty());
    const Mapped mapped = map(*device, kUnit);
    EXPECT_FALSE(fake_.has_access(mapped.address, 1));
    drop(*device, mapped);
  }
  fake_.set_peer_access(false);
  EXPECT_THAT(open()->peers(), IsEmpty());
}

TEST_F(CudaDeviceTest, memoryIsMadeForNetworkCardsWhereTheyCanReachIt) {
  for (const int capable : {0, 1}) {
    fake_.set_attribute(cuda::Attribute::kGpuDirectRdmaWithVmmSupported, capable);
    const auto device = open();
    const Mapped mapped = map(*device, kUnit);
    EXPECT_EQ(fake_.is_rdma_capable(mapped.address), capable == 1);
    drop(*device, mapped);
  }
}

TEST_F(CudaDeviceTest, manyPiecesGetAccessInOneCallAndOnlyNewOnesAreZeroed) {
  const auto device = open();
  const uint64_t address = device->reserve(4 * kUnit).value();
  std::vector<PhysicalId> pieces;
  for (uint64_t index = 0; index < 4; ++index) {
    pieces.push_back(device->create(kUnit).value());
    ASSERT_TRUE(device->map(address + index * kUnit, kUnit, pieces.back()).ok());
  }
  ASSERT_TRUE(device->set_access(address, kUnit).ok());
  const std::vector<std::byte> image = test::pattern(kUnit, 1);
  ASSERT_TRUE(device->copy_in(address, image.data(), kUnit).ok());
  const uint64_t before = fake_.calls("cuMemSetAccess");
  ASSERT_TRUE(device->set_access(address, 4 * kUnit).ok());
  EXPECT_EQ(fake_.calls("cuMemSetAccess"), before + 1);
  std::vector<std::byte> expected(4 * kUnit);
  std::copy(image.begin(), image.end(), expected.begin());
  EXPECT_TRUE(test::same_bytes(read(*device, {address, 4 * kUnit, 0}), expected));
  ASSERT_TRUE(device->unmap(address, 4 * kUnit).ok());
  for (const PhysicalId piece : pieces) EXPECT_TRUE(device->release(piece).ok());
  EXPECT_TRUE(device->unreserve(address, 4 * kUnit).ok());
}

TEST_F(CudaDeviceTest, memoryIsWhatTheDriverAndTheTableSay) {
  const auto device = open();
  const Mapped mapped = map(*device, 3 * kUnit);
  const DeviceMemory memory = device->memory().value();
  EXPECT_EQ(memory.total_bytes, 64 * kMiB);
  EXPECT_EQ(memory.free_bytes, 64 * kMiB - 3 * kUnit);
  EXPECT_EQ(memory.used_bytes, 3 * kUnit);
  drop(*device, mapped);
}

TEST_F(CudaDeviceTest, pinnedHostMemoryIsReachedDirectly) {
  const auto device = open();
  const Mapped mapped = map(*device, 2 * kUnit);
  std::vector<std::byte> image = test::pattern(3 * kMiB, 2);
  ASSERT_TRUE(device->pin_host(image.data(), image.size()).ok());
  const uint64_t before = fake_.calls("cuMemcpyHtoDAsync_v2");
  ASSERT_TRUE(device->copy_in(mapped.address, image.data(), image.size()).ok());
  EXPECT_EQ(fake_.calls("cuMemcpyHtoDAsync_v2"), before + 1);
  ASSERT_TRUE(device->unpin_host(image.data(), image.size()).ok());
  ASSERT_TRUE(device->copy_in(mapped.address, image.data(), image.size()).ok());
  EXPECT_GT(fake_.calls("cuMemcpyHtoDAsync_v2"), before + 40) << "through slots";
  EXPECT_FALSE(device->unpin_host(image.data(), image.size()).ok());
  drop(*device, mapped);
}

TEST_F(CudaDeviceTest, theHashComesWithTheCopy) {
  const auto device = open();
  const Mapped mapped = map(*device, 2 * kUnit);
  const std::vector<std::byte> image = test::pattern(kUnit + 3, 9);
  std::vector<std::byte> back(image.size());
  EXPECT_EQ(device->copy_in_hashed(mapped.address, image.data(), image.size()).value(),
            hash(image.data(), image.size()));
  EXPECT_EQ(device->copy_out_hashed(back.data(), mapped.address, back.size()).value(),
            hash(image.data(), image.size()));
  EXPECT_TRUE(test::same_bytes(back, image));
  EXPECT_FALSE(device->copy_in_hashed(mapped.address + 1, image.data(), 2 * kUnit).ok());
  EXPECT_FALSE(device->copy_out_hashed(back.data(), mapped.address - 1, 1).ok());
  drop(*device, mapped);
}

TEST_F(CudaDeviceTest, exportedMemoryIsTheImportersUntilHeLetsGo) {
  const auto giver = open();
  const auto taker = open_with(CudaPeers::kNone);
  const Mapped mapped = map(*giver, kUnit);
  const std::vector<std::byte> image = test::pattern(kUnit, 3);
  ASSERT_TRUE(giver->copy_in(mapped.address, image.data(), kUnit).ok());
  const int descriptor = giver->export_memory(mapped.physical).value();
  EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
  Mapped taken{taker->reserve(kUnit).value(), kUnit, taker->import_memory(descriptor, kUnit).value()};
  close(descriptor);
  drop(*giver, mapped);
  EXPECT_EQ(giver->memory().value().free_bytes, 64 * kMiB - kUnit) << "the importer keeps it";
  ASSERT_TRUE(taker->map(taken.address, kUnit, taken.physical).ok());
  ASSERT_TRUE(taker->set_access(taken.address, kUnit).ok());
  EXPECT_TRUE(test::same_bytes(read(*taker, taken), image)) << "imported memory is not zeroed";
  EXPECT_EQ(taker->memory().value().used_bytes, kUnit);
  drop(*taker, taken);
  EXPECT_EQ(giver->memory().value().free_bytes, 64 * kMiB);
}

TEST_F(CudaDeviceTest, sharingThatCannotBeIsRefused) {
  const auto device = open();
  EXPECT_EQ(device->export_memory(12345).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(device->import_memory(0, 5).status().code(), Code::kInvalidArgument);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(device->import_memory(nothing, kUnit).status().code(), Code::kDevice);
  close(nothing);
  const PhysicalId physical = device->create(kUnit).value();
  fake_.fail("cuMemExportToShareableHandle", 1, cuda::Code::kUnknown);
  EXPECT_EQ(device->export_memory(physical).status().code(), Code::kDevice);
  EXPECT_TRUE(device->release(physical).ok());

  fake_.set_attribute(cuda::Attribute::kPosixFileDescriptorSupported, 0);
  const auto alone = open();
  const PhysicalId own = alone->create(kUnit).value();
  EXPECT_EQ(alone->export_memory(own).status().code(), Code::kUnsupported);
  EXPECT_TRUE(alone->release(own).ok());
}

TEST_F(CudaDeviceTest, otherDevicesReachMemoryByADescriptorOfItsAddresses) {
  const auto device = open();
  const Mapped mapped = map(*device, 2 * kUnit);
  EXPECT_TRUE(device->gives_dmabuf().ok());
  const Result<int> descriptor = device->export_dmabuf(mapped.address + 4096, kUnit);
  ASSERT_TRUE(descriptor.ok()) << descriptor.status().to_string();
  EXPECT_NE(fcntl(*descriptor, F_GETFD) & FD_CLOEXEC, 0);
  close(*descriptor);
  EXPECT_EQ(device->export_dmabuf(mapped.address + 2 * kUnit, kUnit).status().code(), Code::kInvalidArgument);
  fake_.fail("cuMemGetHandleForAddressRange", 1, cuda::Code::kUnknown);
  EXPECT_EQ(device->export_dmabuf(mapped.address, kUnit).status().code(), Code::kDevice);
  drop(*device, mapped);

  fake_.set_attribute(cuda::Attribute::kDmaBufSupported, 0);
  const auto alone = open();
  const Mapped own = map(*alone, kUnit);
  EXPECT_EQ(alone->gives_dmabuf().code(), Code::kUnsupported);
  EXPECT_EQ(alone->export_dmabuf(own.address, kUnit).status().code(), Code::kUnsupported);
  drop(*alone, own);
}

TEST_F(CudaDeviceTest, theCallersContextIsCurrentAfterEveryCall) {
  const auto other = CudaContext::open(load(), 1, "the caller's").value();
  const CudaContext::Scope callers(*other);
  cuda::Context before = nullptr;
  ASSERT_EQ(other->functions().ctx_get_current(&before), cuda::Code::kSuccess);
  const auto expect_same = [&](const char* after) {
    cuda::Context now = nullptr;
    EXPECT_EQ(other->functions().ctx_get_current(&now), cuda::Code::kSuccess);
    EXPECT_EQ(now, before) << after;
    EXPECT_EQ(fake_.live().stack_depth, 1U) << after;
  };
  {
    const auto device = open();
    expect_same("open");
    const Mapped mapped = map(*device, kUnit);
    expect_same("map");
    std::vector<std::byte> bytes(kUnit);
    EXPECT_TRUE(device->copy_in(mapped.address, bytes.data(), kUnit).ok());
    EXPECT_FALSE(device->copy_in(mapped.address, bytes.data(), kUnit + 1).ok());
    EXPECT_TRUE(device->drain().ok());
    EXPECT_TRUE(device->memory().ok());
    EXPECT_FALSE(device->create(128 * kMiB).ok());
    expect_same("copies and errors");
    drop(*device, mapped);
    expect_same("drop");
  }
  expect_same("close");
}

// Goal: whatever call of the driver fails, the device says so, is as it was before the call, and goes on.

// Method: every call of a life of memory fails in turn; what failed is done again, and nothing is left in the end.

TEST_F(CudaDeviceTest, threadsOnRangesOfTheirOwnDoNotDisturbEachOther) {
  const auto device = open();
  std::vector<std::thread> threads;
  for (uint64_t number = 1; number <= 4; ++number) {
    threads.emplace_back([&, number] {
      for (uint64_t round = 0; round < 6; ++round) {
        const Mapped mapped = map(*device, 2 * kUnit);
        const std::vector<std::byte> image = test::pattern(mapped.bytes, number * 100 + round);
        ASSERT_TRUE(device->copy_in(mapped.address, image.data(), image.size()).ok());
        ASSERT_TRUE(test::same_bytes(read(*device, mapped), image));
        drop(*device, mapped);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(device->memory().value().used_bytes, 0U);
}

}  // namespace
}  // namespace windlass
