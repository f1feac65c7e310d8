#include "device/emulated/emulated_device.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "memory/machine_memory.hpp"

namespace windlass {
namespace {

uint64_t resident_set_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// The signal that ends a child that writes to an address, or 0.
int signal_of_writing(uint64_t address) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    *reinterpret_cast<volatile char*>(address) = 1;
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(EmulatedDeviceTest, theMachineGetsThePagesBackAndTheAddressFaults) {
  constexpr uint64_t kRangeBytes = 128 * kMiB;
  const auto device = EmulatedDevice::open({256 * kMiB, 2}).value();
  const uint64_t address = device->reserve(kRangeBytes).value();
  const PhysicalId physical = device->create(kRangeBytes).value();
  ASSERT_TRUE(device->map(address, kRangeBytes, physical).ok());
  ASSERT_TRUE(device->set_access(address, kRangeBytes).ok());
  const uint64_t before = resident_set_bytes();
  EXPECT_EQ(signal_of_writing(address), 0);
  ASSERT_TRUE(device->unmap(address, kRangeBytes).ok());
  const uint64_t after = resident_set_bytes();
  EXPECT_GE(before - after, kRangeBytes * 9 / 10) << "RSS was " << before << ", is " << after;
  EXPECT_EQ(signal_of_writing(address), SIGSEGV);
  EXPECT_TRUE(device->release(physical).ok());
  EXPECT_TRUE(device->unreserve(address, kRangeBytes).ok());
}

TEST(EmulatedDeviceTest, itsDefaultSizeIsTheMachines) {
  const auto device = EmulatedDevice::open({}).value();
  const DeviceMemory memory = device->memory().value();
  const MachineMemory machine = machine_memory().value();
  EXPECT_LE(memory.total_bytes, machine.total_bytes);
  EXPECT_GE(memory.total_bytes + kHugePageBytes, machine.total_bytes);
  EXPECT_LE(memory.free_bytes, memory.total_bytes);
}

TEST(EmulatedDeviceTest, aSizeThatHoldsNothingIsRefused) {
  Result<std::shared_ptr<EmulatedDevice>> opened = EmulatedDevice::open({kHugePageBytes - 1, 1});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), Code::kInvalidArgument);
}

TEST(EmulatedDeviceTest, moreThanTheMachineHasIsAnErrorAndNoKill) {
  const uint64_t bytes = round_up(machine_memory().value().total_bytes * 2, kHugePageBytes);
  const auto device = EmulatedDevice::open({bytes, 1}).value();
  const uint64_t address = device->reserve(bytes).value();
  const PhysicalId physical = device->create(bytes).value();
  ASSERT_TRUE(device->map(address, bytes, physical).ok());
  EXPECT_EQ(device->set_access(address, bytes).code(), Code::kNoMemory);
  EXPECT_TRUE(device->unmap(address, bytes).ok());
  EXPECT_TRUE(device->release(physical).ok());
  EXPECT_TRUE(device->unreserve(address, bytes).ok());
}

TEST(EmulatedDeviceTest, threadsOnRangesOfTheirOwnDoNotDisturbEachOther) {
  constexpr uint64_t kRangeBytes = 4 * kMiB;
  const auto device = EmulatedDevice::open({64 * kMiB, 2}).value();
  const auto cycle = [&](std::byte value) {
    for (int round = 0; round < 8; ++round) {
      const uint64_t address = device->reserve(kRangeBytes).value();
      const PhysicalId physical = device->create(kRangeBytes).value();
      ASSERT_TRUE(device->map(address, kRangeBytes, physical).ok());
      ASSERT_TRUE(device->set_access(address, kRangeBytes).ok());
      const std::vector<std::byte> in(kRangeBytes, value);
      std::vector<std::byte> out(kRangeBytes);
      ASSERT_TRUE(device->copy_in(address, in.data(), kRangeBytes).ok());
      ASSERT_TRUE(device->copy_out(out.data(), address, kRangeBytes).ok());
      ASSERT_TRUE(in == out);
      ASSERT_TRUE(device->unmap(address, kRangeBytes).ok());
      ASSERT_TRUE(device->release(physical).ok());
      ASSERT_TRUE(device->unreserve(address, kRangeBytes).ok());
    }
  };
  std::vector<std::thread> threads;
  for (int number = 1; number <= 4; ++number) threads.emplace_back(cycle, static_cast<std::byte>(number));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(device->memory().value().used_bytes, 0U);
}

}  // namespace
}  // namespace windlass
