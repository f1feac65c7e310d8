// What every device promises, held against each of them.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "device/cuda/cuda_device.hpp"
#include "device/device.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_cuda.hpp"
#include "fake/fake_device.hpp"

namespace windlass {
namespace {

struct DeviceCase {
  const char* name;
  bool has_size;  // the one that it is opened with; a GPU has its own, and other users
  std::function<std::shared_ptr<Device>(uint64_t memory_bytes)> open;
};

// For googletest: a case is shown by its name.
void PrintTo(const DeviceCase& each, std::ostream* out) { *out << each.name; }

std::shared_ptr<Device> open_emulated(uint64_t memory_bytes) { return EmulatedDevice::open({memory_bytes, 2}).value(); }

std::shared_ptr<Device> open_cuda_with(const std::string& library) {
  CudaDeviceOptions options;
  options.driver = CudaDriver::load(library).value();
  return CudaDevice::open(options).value();
}

// A fake driver and a device over it, which must leave nothing behind.
struct OverFakeCuda {
  explicit OverFakeCuda(uint64_t memory_bytes) {
    fake.set_gpus(2, memory_bytes);
    device = open_cuda_with(fake::FakeCuda::kPath);
  }
  ~OverFakeCuda() {
    device.reset();
    EXPECT_EQ(fake.violations(), "");
    EXPECT_EQ(fake::leftovers(fake.live()), "");
  }
  OverFakeCuda(const OverFakeCuda&) = delete;
  OverFakeCuda& operator=(const OverFakeCuda&) = delete;

  fake::FakeCuda fake;
  std::shared_ptr<Device> device;
};

std::shared_ptr<Device> open_cuda(uint64_t memory_bytes) {
  if (!fake::cuda_is_fake()) return open_cuda_with(fake::cuda_library());
  const auto both = std::make_shared<OverFakeCuda>(memory_bytes);
  return {both, both->device.get()};
}

std::shared_ptr<Device> open_shareable(uint64_t memory_bytes) {
  return EmulatedDevice::open({memory_bytes, 2, true}).value();
}

class DeviceContract : public testing::TestWithParam<DeviceCase> {
 protected:
  // A range with memory behind it, given back at the end.
  struct Mapped {
    uint64_t address;
    uint64_t bytes;
    PhysicalId physical;
  };

  Mapped map(uint64_t bytes) {
    const uint64_t address = device_->reserve(bytes).value();
    const PhysicalId physical = device_->create(bytes).value();
    EXPECT_TRUE(device_->map(address, bytes, physical).ok());
    EXPECT_TRUE(device_->set_access(address, bytes).ok());
    return {address, bytes, physical};
  }

  void drop(const Mapped& mapped) {
    EXPECT_TRUE(device_->unmap(mapped.address, mapped.bytes).ok());
    EXPECT_TRUE(device_->release(mapped.physical).ok());
    EXPECT_TRUE(device_->unreserve(mapped.address, mapped.bytes).ok());
  }

  uint64_t used() const { return device_->memory().value().used_bytes; }

  std::shared_ptr<Device> device_ = GetParam().open(64 * kMiB);
  const uint64_t unit_ = device_->granularity_bytes();
};

TEST_P(DeviceContract, theGranularityIsAPowerOfTwo) { EXPECT_TRUE(is_power_of_two(unit_)); }

TEST_P(DeviceContract, freshMemoryReadsAsZero) {
  const Mapped mapped = map(2 * unit_);
  std::vector<std::byte> bytes(mapped.bytes, std::byte{1});
  ASSERT_TRUE(device_->copy_out(bytes.data(), mapped.address, mapped.bytes).ok());
  EXPECT_EQ(bytes, std::vector<std::byte>(mapped.bytes));
  drop(mapped);
}

TEST_P(DeviceContract, bytesCopiedInComeOutAgainAtAnyOffset) {
  const Mapped mapped = map(2 * unit_);
  const std::vector<std::byte> in(unit_ + 77, std::byte{0x5A});
  ASSERT_TRUE(device_->copy_in(mapped.address + 13, in.data(), in.size()).ok());
  std::vector<std::byte> out(in.size());
  ASSERT_TRUE(device_->copy_out(out.data(), mapped.address + 13, out.size()).ok());
  EXPECT_EQ(in, out);
  drop(mapped);
}

TEST_P(DeviceContract, unmapGivesThePagesBackAndKeepsTheAddress) {
  const Mapped mapped = map(4 * unit_);
  EXPECT_EQ(device_->resident_bytes(mapped.address, mapped.bytes).value(), mapped.bytes);
  ASSERT_TRUE(device_->unmap(mapped.address, mapped.bytes).ok());
  EXPECT_EQ(device_->resident_bytes(mapped.address, mapped.bytes).value(), 0U);
  EXPECT_EQ(used(), mapped.bytes) << "the physical memory is still owned until it is released";
  ASSERT_TRUE(device_->release(mapped.physical).ok());
  EXPECT_EQ(used(), 0U);

  const PhysicalId again = device_->create(mapped.bytes).value();
  EXPECT_TRUE(device_->map(mapped.address, mapped.bytes, again).ok());
  EXPECT_TRUE(device_->set_access(mapped.address, mapped.bytes).ok());
  drop({mapped.address, mapped.bytes, again});
}

TEST_P(DeviceContract, copiesOfUnmappedAddressesFail) {
  const uint64_t address = device_->reserve(unit_).value();
  std::byte byte{};
  EXPECT_FALSE(device_->copy_out(&byte, address, 1).ok());
  EXPECT_FALSE(device_->copy_in(address, &byte, 1).ok());
  EXPECT_TRUE(device_->unreserve(address, unit_).ok());
}

TEST_P(DeviceContract, aCopyThatLeavesTheMappedRangeFails) {
  const Mapped mapped = map(unit_);
  std::vector<std::byte> bytes(2 * unit_);
  EXPECT_FALSE(device_->copy_out(bytes.data(), mapped.address, unit_ + 1).ok());
  EXPECT_FALSE(device_->copy_out(bytes.data(), mapped.address + unit_ - 1, 2).ok());
  drop(mapped);
}

TEST_P(DeviceContract, moreThanItHasIsRefusedAndChangesNothing) {
  Result<PhysicalId> beyond = device_->create(round_up(device_->memory().value().total_bytes, unit_) + unit_);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.status().code(), Code::kNoMemory);
  EXPECT_EQ(used(), 0U);
  EXPECT_TRUE(device_->release(device_->create(unit_).value()).ok());
}

TEST_P(DeviceContract, memoryRunsOutCleanlyAndComesBack) {
  if (!GetParam().has_size) GTEST_SKIP() << "SKIPPED: this device's memory is not the test's alone";
  const PhysicalId most = device_->create(64 * kMiB - unit_).value();
  Result<PhysicalId> beyond = device_->create(2 * unit_);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.status().code(), Code::kNoMemory);
  EXPECT_EQ(used(), 64 * kMiB - unit_);
  const PhysicalId rest = device_->create(unit_).value();
  EXPECT_TRUE(device_->release(most).ok());
  EXPECT_TRUE(device_->release(rest).ok());
  EXPECT_EQ(used(), 0U);
}

TEST_P(DeviceContract, twoPiecesSideBySideBecomeUsableInOneCall) {
  const uint64_t address = device_->reserve(2 * unit_).value();
  const PhysicalId first = device_->create(unit_).value();
  const PhysicalId second = device_->create(unit_).value();
  ASSERT_TRUE(device_->map(address, unit_, first).ok());
  ASSERT_TRUE(device_->map(address + unit_, unit_, second).ok());
  ASSERT_TRUE(device_->set_access(address, 2 * unit_).ok());
  std::vector<std::byte> bytes(2 * unit_, std::byte{7});
  EXPECT_TRUE(device_->copy_in(address, bytes.data(), bytes.size()).ok()) << "one copy may cross the border";
  EXPECT_TRUE(device_->unmap(address, unit_).ok());
  std::byte kept{};
  EXPECT_TRUE(device_->copy_out(&kept, address + unit_, 1).ok()) << "the neighbour stays";
  EXPECT_EQ(kept, std::byte{7});
  EXPECT_TRUE(device_->unmap(address + unit_, unit_).ok());
  EXPECT_TRUE(device_->release(first).ok());
  EXPECT_TRUE(device_->release(second).ok());
  EXPECT_TRUE(device_->unreserve(address, 2 * unit_).ok());
}

TEST_P(DeviceContract, misuseIsRefusedAndChangesNothing) {
  const Mapped mapped = map(2 * unit_);
  EXPECT_FALSE(device_->release(mapped.physical).ok()) << "while it is mapped";
  EXPECT_FALSE(device_->unreserve(mapped.address, mapped.bytes).ok()) << "while memory is there";
  EXPECT_FALSE(device_->unmap(mapped.address, unit_).ok()) << "half a piece";
  EXPECT_FALSE(device_->map(mapped.address, mapped.bytes, mapped.physical).ok()) << "twice";
  EXPECT_FALSE(device_->set_access(mapped.address, unit_).ok()) << "half a piece";
  EXPECT_FALSE(device_->release(mapped.physical + 1000).ok()) << "no such piece";
  EXPECT_FALSE(device_->create(0).ok());
  EXPECT_FALSE(device_->create(unit_ + 1).ok());
  EXPECT_FALSE(device_->reserve(0).ok());
  EXPECT_EQ(used(), mapped.bytes);
  EXPECT_EQ(device_->resident_bytes(mapped.address, mapped.bytes).value(), mapped.bytes);
  drop(mapped);
}

std::shared_ptr<Device> open_fake(uint64_t memory_bytes) {
  return std::make_shared<fake::FakeDevice>(open_emulated(memory_bytes));
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceContract,
                         testing::Values(DeviceCase{"emulated", true, open_emulated},
                                         DeviceCase{"emulatedShareable", true, open_shareable},
                                         DeviceCase{"fakeThatDoesNotFail", true, open_fake},
                                         DeviceCase{"cuda", fake::cuda_is_fake(), open_cuda}),
                         [](const auto& param_info) { return param_info.param.name; });

}  // namespace
}  // namespace windlass
