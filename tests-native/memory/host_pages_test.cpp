#include "memory/host_pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/worker_pool.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

constexpr uint64_t kSize = 8 * kHugePageBytes;

class HostPagesTest : public testing::Test {
 protected:
  HostPagesTest() : workers_(2) {
    Result<HostRange> reserved = HostRange::reserve(kSize);
    EXPECT_TRUE(reserved.ok()) << reserved.status().to_string();
    range_ = *std::move(reserved);
  }

  uint64_t resident() const {
    Result<uint64_t> bytes = range_.resident_bytes(0, kSize);
    EXPECT_TRUE(bytes.ok()) << bytes.status().to_string();
    return bytes.ok() ? *bytes : 0;
  }

  WorkerPool workers_;
  HostRange range_;
};

bool all_zero(const std::byte* bytes, uint64_t size) {
  return std::all_of(bytes, bytes + size, [](std::byte b) { return b == std::byte{0}; });
}

TEST_F(HostPagesTest, reservedAddressesAreAlignedAndHoldNothing) {
  EXPECT_EQ(reinterpret_cast<uint64_t>(range_.address()) % kHugePageBytes, 0U);
  EXPECT_EQ(range_.bytes(), kSize);
  EXPECT_EQ(resident(), 0U);
}

TEST_F(HostPagesTest, sizesThatAreNoMultipleAreRefused) {
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, kHugePageBytes - 1, kHugePageBytes + 4096}) {
    const Status status = HostRange::reserve(bytes).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << bytes;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(bytes) + " bytes of addresses"));
  }
}

TEST_F(HostPagesTest, moreAddressesThanThereAreAreRefused) {
  const uint64_t largest = std::numeric_limits<uint64_t>::max() / kHugePageBytes * kHugePageBytes;
  EXPECT_EQ(HostRange::reserve(largest).status().code(), Code::kNoMemory);
  EXPECT_EQ(HostRange::reserve(uint64_t{1} << 60).status().code(), Code::kNoMemory);
}

TEST_F(HostPagesTest, populatedPagesAreZeroedPresentAndWritable) {
  ASSERT_TRUE(range_.populate(0, kSize, workers_).ok());
  EXPECT_EQ(resident(), kSize);
  EXPECT_TRUE(all_zero(range_.address(), kSize));
  std::memset(range_.address(), 0x5a, kSize);
  EXPECT_EQ(range_.address()[kSize - 1], std::byte{0x5a});
}

TEST_F(HostPagesTest, aPartIsPopulatedWithoutTheRest) {
  ASSERT_TRUE(range_.populate(2 * kHugePageBytes, 3 * kHugePageBytes, workers_).ok());
  EXPECT_EQ(resident(), 3 * kHugePageBytes);
  EXPECT_EQ(*range_.resident_bytes(0, 2 * kHugePageBytes), 0U);
  EXPECT_EQ(*range_.resident_bytes(2 * kHugePageBytes, 3 * kHugePageBytes), 3 * kHugePageBytes);
}

TEST_F(HostPagesTest, releasedPagesAreGoneAndFreshOnesAreZeroed) {
  ASSERT_TRUE(range_.populate(0, kSize, workers_).ok());
  std::memset(range_.address(), 0x5a, kSize);
  ASSERT_TRUE(range_.release(kHugePageBytes, 2 * kHugePageBytes).ok());
  EXPECT_EQ(resident(), kSize - 2 * kHugePageBytes);
  EXPECT_EQ(range_.address()[0], std::byte{0x5a});
  EXPECT_EQ(range_.address()[3 * kHugePageBytes], std::byte{0x5a});
  ASSERT_TRUE(range_.populate(kHugePageBytes, 2 * kHugePageBytes, workers_).ok());
  EXPECT_TRUE(all_zero(range_.address() + kHugePageBytes, 2 * kHugePageBytes));
  EXPECT_EQ(resident(), kSize);
}

TEST_F(HostPagesTest, whatIsNotThereMayBeReleased) {
  EXPECT_TRUE(range_.release(0, kSize).ok());
  EXPECT_EQ(resident(), 0U);
}

TEST_F(HostPagesTest, moreThanTheMachineHasIsRefusedAndNothingIsTaken) {
  const uint64_t huge = uint64_t{1} << 45;
  Result<HostRange> range = HostRange::reserve(huge);
  if (!range.ok()) GTEST_SKIP() << "SKIPPED: 32 TiB of addresses cannot be had here";
  const Status status = range->populate(0, huge, workers_);
  EXPECT_EQ(status.code(), Code::kNoMemory);
  EXPECT_THAT(std::string(status.message()), HasSubstr("32 TiB"));
  EXPECT_EQ(*range->resident_bytes(0, kSize), 0U);
}

TEST_F(HostPagesTest, movingHandsTheAddressesOver) {
  ASSERT_TRUE(range_.populate(0, kHugePageBytes, workers_).ok());
  std::byte* const address = range_.address();
  *address = std::byte{7};
  HostRange moved = std::move(range_);
  EXPECT_EQ(moved.address(), address);
  EXPECT_EQ(*moved.address(), std::byte{7});
  HostRange assigned;
  EXPECT_EQ(assigned.bytes(), 0U);
  assigned = std::move(moved);
  EXPECT_EQ(assigned.address(), address);
  EXPECT_EQ(assigned.bytes(), kSize);
}

TEST_F(HostPagesTest, partsMayBePopulatedAndReleasedAtOnce) {
  std::vector<std::thread> threads;
  for (uint64_t part = 0; part < 4; ++part) {
    threads.emplace_back([this, part] {
      WorkerPool alone(1);
      for (int round = 0; round < 20; ++round) {
        const uint64_t offset = part * 2 * kHugePageBytes;
        EXPECT_TRUE(range_.populate(offset, 2 * kHugePageBytes, alone).ok());
        std::memset(range_.address() + offset, static_cast<int>(part) + 1, 4096);
        EXPECT_TRUE(range_.release(offset, 2 * kHugePageBytes).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(resident(), 0U);
}

using HostPagesDeathTest = HostPagesTest;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

TEST_F(HostPagesDeathTest, touchingWhatIsNotThereFaults) {
  if (kSanitized)
    GTEST_SKIP() << "SKIPPED: a sanitizer turns the fault into a report; tests-native/capi tries it there";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(*static_cast<volatile std::byte*>(range_.address()) = std::byte{1}, testing::KilledBySignal(SIGSEGV), "");
  ASSERT_TRUE(range_.populate(0, kSize, workers_).ok());
  ASSERT_TRUE(range_.release(0, kHugePageBytes).ok());
  EXPECT_EXIT(*static_cast<volatile std::byte*>(range_.address()) = std::byte{1}, testing::KilledBySignal(SIGSEGV), "");
  range_.address()[kHugePageBytes] = std::byte{1};
}

}  // namespace
}  // namespace windlass
