// Pieces that an emulated device shares: with another device of this process, and of another.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/owned_descriptor.hpp"
#include "device/emulated/emulated_device.hpp"
#include "memory/machine_memory.hpp"
#include "support/allocation_failure.hpp"
#include "support/pattern.hpp"

namespace windlass {
namespace {

constexpr uint64_t kSharedBytes = 4 * kMiB;

std::shared_ptr<EmulatedDevice> open_shareable(uint64_t memory_bytes = 32 * kMiB) {
  return EmulatedDevice::open({memory_bytes, 2, true}).value();
}

// How many descriptors and mappings of shared pieces this process has: where there are none, the kernel has the pages.
size_t holds_of_shared_pieces() {
  size_t holds = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).string().find("windlass-piece") != std::string::npos) ++holds;
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("windlass-piece") != std::string::npos) ++holds;
  }
  return holds;
}

// A piece with addresses of its own; drop() gives all back.
struct Placed {
  std::shared_ptr<EmulatedDevice> device;
  uint64_t address;
  PhysicalId physical;

  static Placed at(const std::shared_ptr<EmulatedDevice>& device, PhysicalId physical) {
    const uint64_t address = device->reserve(kSharedBytes).value();
    EXPECT_TRUE(device->map(address, kSharedBytes, physical).ok());
    EXPECT_TRUE(device->set_access(address, kSharedBytes).ok());
    return {device, address, physical};
  }
  void drop() const {
    EXPECT_TRUE(device->unmap(address, kSharedBytes).ok());
    EXPECT_TRUE(device->release(physical).ok());
    EXPECT_TRUE(device->unreserve(address, kSharedBytes).ok());
  }
  std::byte* bytes() const { return reinterpret_cast<std::byte*>(address); }
};

TEST(EmulatedDeviceShareTest, anImportedPieceIsTheSameMemory) {
  const auto owner = open_shareable();
  const auto importer = open_shareable();
  const Placed ours = Placed::at(owner, owner->create(kSharedBytes).value());
  const std::vector<std::byte> in = test::pattern(kSharedBytes, 1);
  ASSERT_TRUE(owner->copy_in(ours.address, in.data(), kSharedBytes).ok());
  const OwnedDescriptor descriptor(owner->export_memory(ours.physical).value());
  const Placed theirs = Placed::at(importer, importer->import_memory(descriptor.number(), kSharedBytes).value());
  EXPECT_EQ(std::memcmp(theirs.bytes(), in.data(), kSharedBytes), 0);
  theirs.bytes()[17] = std::byte{0x42};
  EXPECT_EQ(ours.bytes()[17], std::byte{0x42});
  EXPECT_EQ(importer->resident_bytes(theirs.address, kSharedBytes).value(), kSharedBytes);
  theirs.drop();
  EXPECT_EQ(ours.bytes()[17], std::byte{0x42}) << "the owner keeps its own";
  ours.drop();
}

TEST(EmulatedDeviceShareTest, anImportedPieceCountsToItsOwnerOnly) {
  const auto owner = open_shareable();
  const auto importer = open_shareable(kHugePageBytes);
  const PhysicalId physical = owner->create(kSharedBytes).value();
  const OwnedDescriptor descriptor(owner->export_memory(physical).value());
  const PhysicalId imported = importer->import_memory(descriptor.number(), kSharedBytes).value();
  EXPECT_EQ(owner->memory().value().used_bytes, kSharedBytes);
  EXPECT_EQ(importer->memory().value().used_bytes, 0U);
  ASSERT_TRUE(owner->release(physical).ok());
  EXPECT_EQ(owner->memory().value().used_bytes, 0U);
  ASSERT_TRUE(importer->release(imported).ok());
  EXPECT_EQ(importer->memory().value().used_bytes, 0U);
}

TEST(EmulatedDeviceShareTest, thePagesGoWithTheLastWhoHasThem) {
  const auto owner = open_shareable();
  const auto importer = open_shareable();
  const Placed ours = Placed::at(owner, owner->create(kSharedBytes).value());
  std::memset(ours.bytes(), 5, kSharedBytes);
  OwnedDescriptor descriptor(owner->export_memory(ours.physical).value());
  const Placed theirs = Placed::at(importer, importer->import_memory(descriptor.number(), kSharedBytes).value());
  descriptor.reset();
  ours.drop();
  EXPECT_EQ(theirs.bytes()[kSharedBytes - 1], std::byte{5});
  EXPECT_GT(holds_of_shared_pieces(), 0U);
  theirs.drop();
  EXPECT_EQ(holds_of_shared_pieces(), 0U);
}

TEST(EmulatedDeviceShareTest, whatNobodyImportedGoesWithUnmapAndRelease) {
  const auto owner = open_shareable();
  const Placed ours = Placed::at(owner, owner->create(kSharedBytes).value());
  EXPECT_GT(holds_of_shared_pieces(), 0U);
  ours.drop();
  EXPECT_EQ(holds_of_shared_pieces(), 0U);
}

TEST(EmulatedDeviceShareTest, aPieceImportedByItsOwnDeviceIsThereTwice) {
  const auto device = open_shareable();
  const Placed first = Placed::at(device, device->create(kSharedBytes).value());
  const OwnedDescriptor descriptor(device->export_memory(first.physical).value());
  const Placed second = Placed::at(device, device->import_memory(descriptor.number(), kSharedBytes).value());
  EXPECT_EQ(device->memory().value().used_bytes, kSharedBytes);
  first.bytes()[0] = std::byte{9};
  EXPECT_EQ(second.bytes()[0], std::byte{9});
  second.drop();
  first.drop();
}

TEST(EmulatedDeviceShareTest, whatIsNotShareableSaysHowToMakeItSo) {
  const auto device = EmulatedDevice::open({32 * kMiB, 1}).value();
  const PhysicalId physical = device->create(kSharedBytes).value();
  for (const Status& status :
       {device->export_memory(physical).status(), device->import_memory(0, kSharedBytes).status()}) {
    EXPECT_EQ(status.code(), Code::kUnsupported);
    EXPECT_NE(status.message().find("open it as shareable"), std::string_view::npos) << status.message();
  }
  EXPECT_TRUE(device->release(physical).ok());
}

TEST(EmulatedDeviceShareTest, misuseIsRefusedAndChangesNothing) {
  const auto device = open_shareable();
  const PhysicalId physical = device->create(kSharedBytes).value();
  const OwnedDescriptor descriptor(device->export_memory(physical).value());
  const auto code_of = [&](int number, uint64_t bytes) { return device->import_memory(number, bytes).status().code(); };
  EXPECT_EQ(device->export_memory(physical + 100).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(code_of(-1, kSharedBytes), Code::kInvalidArgument);
  EXPECT_EQ(code_of(descriptor.number(), 0), Code::kInvalidArgument);
  EXPECT_EQ(code_of(descriptor.number(), kSharedBytes + 1), Code::kInvalidArgument);
  EXPECT_EQ(code_of(descriptor.number(), kSharedBytes + kHugePageBytes), Code::kInvalidArgument);
  EXPECT_EQ(device->memory().value().used_bytes, kSharedBytes);
  EXPECT_TRUE(device->release(physical).ok());
}

TEST(EmulatedDeviceShareTest, moreThanTheMachineHasIsAnErrorThatLeavesNothing) {
  const uint64_t bytes = round_up(machine_memory().value().total_bytes * 2, kHugePageBytes);
  const auto device = open_shareable(bytes);
  const uint64_t address = device->reserve(bytes).value();
  const PhysicalId physical = device->create(bytes).value();
  ASSERT_TRUE(device->map(address, bytes, physical).ok());
  EXPECT_EQ(device->set_access(address, bytes).code(), Code::kNoMemory);
  EXPECT_TRUE(device->unmap(address, bytes).ok());
  EXPECT_TRUE(device->release(physical).ok());
  EXPECT_TRUE(device->unreserve(address, bytes).ok());
}

TEST(EmulatedDeviceShareTest, memoryThatRunsOutWhileGivingAccessLeavesTheAddressesAsTheyWere) {
  const auto device = EmulatedDevice::open({32 * kMiB, 1, true}).value();
  const uint64_t address = device->reserve(kSharedBytes).value();
  const PhysicalId physical = device->create(kSharedBytes).value();
  ASSERT_TRUE(device->map(address, kSharedBytes, physical).ok());
  for (uint64_t n = 1;; ++n) {
    ASSERT_LT(n, 200U);
    bool given = false;
    {
      const test::FailAllocationAfter failing(n);
      Status done = contain([&] { return device->set_access(address, kSharedBytes); });
      given = done.ok();
      EXPECT_TRUE(given || failing.fired());
    }
    if (given) break;
    EXPECT_EQ(device->resident_bytes(address, kSharedBytes).value(), 0U);
  }
  EXPECT_EQ(device->resident_bytes(address, kSharedBytes).value(), kSharedBytes);
  EXPECT_EQ(*reinterpret_cast<const std::byte*>(address), std::byte{0});
  ASSERT_TRUE(device->unmap(address, kSharedBytes).ok());
  ASSERT_TRUE(device->release(physical).ok());
  ASSERT_TRUE(device->unreserve(address, kSharedBytes).ok());
}

TEST(EmulatedDeviceShareTest, threadsThatShareAndDropDoNotDisturbEachOther) {
  const auto owner = open_shareable(64 * kMiB);
  const auto importer = open_shareable(64 * kMiB);
  const auto cycle = [&](std::byte value) {
    for (int round = 0; round < 8; ++round) {
      const Placed ours = Placed::at(owner, owner->create(kSharedBytes).value());
      const OwnedDescriptor descriptor(owner->export_memory(ours.physical).value());
      const Placed theirs = Placed::at(importer, importer->import_memory(descriptor.number(), kSharedBytes).value());
      std::memset(ours.bytes(), static_cast<int>(value), kSharedBytes);
      ASSERT_EQ(theirs.bytes()[kSharedBytes - 1], value);
      ours.drop();
      ASSERT_EQ(theirs.bytes()[0], value);
      theirs.drop();
    }
  };
  std::vector<std::thread> threads;
  for (int number = 1; number <= 3; ++number) threads.emplace_back(cycle, static_cast<std::byte>(number));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(owner->memory().value().used_bytes, 0U);
  EXPECT_EQ(holds_of_shared_pieces(), 0U);
}

}  // namespace
}  // namespace windlass
