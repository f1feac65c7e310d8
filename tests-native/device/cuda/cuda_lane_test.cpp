#include "device/cuda/cuda_lane.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fake/fake_cuda.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

constexpr uint64_t kSlot = 64 * kKiB;
constexpr uint32_t kSlots = 3;
constexpr uint64_t kDeviceBytes = 8 * kMiB;

// Lanes over GPU memory that is mapped by the driver's own calls.
class CudaLaneTest : public fake::FakeCudaTest {
 protected:
  void SetUp() override {
    context_ = CudaContext::open(load(), 0, "CUDA device 0").value();
    pinned_ = std::make_unique<CudaPinned>(*context_);
    scope_ = std::make_unique<CudaContext::Scope>(*context_);
    const cuda::Functions& driver = context_->functions();
    cuda::AllocationProperties properties;
    properties.type = cuda::kAllocationPinned;
    properties.location = {cuda::kLocationDevice, 0};
    const cuda::AccessDescription access{properties.location, cuda::kAccessReadWrite};
    ASSERT_EQ(driver.mem_address_reserve(&address_, kDeviceBytes, 0, 0, 0), cuda::Code::kSuccess);
    ASSERT_EQ(driver.mem_create(&handle_, kDeviceBytes, &properties, 0), cuda::Code::kSuccess);
    ASSERT_EQ(driver.mem_map(address_, kDeviceBytes, 0, handle_, 0), cuda::Code::kSuccess);
    ASSERT_EQ(driver.mem_set_access(address_, kDeviceBytes, &access, 1), cuda::Code::kSuccess);
    in_ = open(CudaLane::Direction::kIn).value();
    out_ = open(CudaLane::Direction::kOut).value();
  }
  void TearDown() override {
    in_.reset();
    out_.reset();
    const cuda::Functions& driver = context_->functions();
    if (context_->lost().ok()) {
      EXPECT_EQ(driver.mem_unmap(address_, kDeviceBytes), cuda::Code::kSuccess);
      EXPECT_EQ(driver.mem_release(handle_), cuda::Code::kSuccess);
      EXPECT_EQ(driver.mem_address_free(address_, kDeviceBytes), cuda::Code::kSuccess);
    }
    scope_.reset();
    pinned_.reset();
    context_.reset();
    fake::FakeCudaTest::TearDown();
  }

  Result<std::unique_ptr<CudaLane>> open(CudaLane::Direction direction,
                                         const CudaStagingOptions& options = {kSlot, kSlots}) {
    return CudaLane::open(*context_, *pinned_, workers_, direction, options);
  }
  static uint64_t at(const std::vector<std::byte>& memory) { return reinterpret_cast<uint64_t>(memory.data()); }
  std::vector<std::byte> read(uint64_t offset, uint64_t bytes) {
    std::vector<std::byte> memory(bytes, std::byte{0xEE});
    EXPECT_TRUE(out_->copy(address_ + offset, at(memory), bytes).ok());
    return memory;
  }

  WorkerPool workers_{2};
  std::unique_ptr<CudaContext> context_;
  std::unique_ptr<CudaPinned> pinned_;
  std::unique_ptr<CudaContext::Scope> scope_;
  cuda::Address address_ = 0;
  cuda::MemoryHandle handle_ = 0;
  std::unique_ptr<CudaLane> in_;
  std::unique_ptr<CudaLane> out_;
};

TEST_F(CudaLaneTest, pageableMemoryPassesThroughSlotsAtAnySizeAndOffset) {
  std::mt19937_64 random(7);
  for (const uint64_t bytes : {uint64_t{1}, kSlot - 1, kSlot, kSlot + 1, 3 * kSlot, 10 * kSlot + 77, 5 * kMiB + 3}) {
    const uint64_t offset = random() % (kDeviceBytes - bytes);
    const std::vector<std::byte> image = test::pattern(bytes, bytes);
    ASSERT_TRUE(in_->copy(address_ + offset, at(image), bytes).ok());
    EXPECT_TRUE(test::same_bytes(read(offset, bytes), image)) << bytes;
  }
  EXPECT_EQ(fake_.pageable_copies(), 0U) << "the GPU never saw pageable memory";
}

TEST_F(CudaLaneTest, registeredMemoryIsCopiedFromWhereItIs) {
  std::vector<std::byte> image = test::pattern(3 * kMiB + 5, 1);
  const std::vector<std::byte> before = image;
  ASSERT_TRUE(pinned_->pin(at(image), image.size()).ok());
  ASSERT_TRUE(in_->copy(address_ + 1, at(image), image.size()).ok());
  EXPECT_EQ(fake_.calls("cuMemcpyHtoDAsync_v2"), 1U);
  std::fill(image.begin(), image.end(), std::byte{0});
  ASSERT_TRUE(out_->copy(address_ + 1, at(image), image.size()).ok());
  EXPECT_EQ(fake_.calls("cuMemcpyDtoHAsync_v2"), 1U);
  EXPECT_TRUE(image == before);
  ASSERT_TRUE(pinned_->unpin(at(image), image.size()).ok());
}

TEST_F(CudaLaneTest, memoryThatIsRegisteredInPartIsCopiedWhole) {
  CudaPinned chunked(*context_, 100 * kKiB);
  const auto lane = CudaLane::open(*context_, chunked, workers_, CudaLane::Direction::kIn, {kSlot, kSlots}).value();
  std::vector<std::byte> image = test::pattern(2 * kMiB, 2);
  ASSERT_TRUE(chunked.pin(at(image), 250 * kKiB).ok());
  ASSERT_TRUE(lane->copy(address_, at(image), image.size()).ok());
  EXPECT_TRUE(test::same_bytes(read(0, image.size()), image));
  EXPECT_EQ(fake_.pageable_copies(), 0U);
}

TEST_F(CudaLaneTest, theHashIsThatOfTheBytes) {
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, kSlot, kSlot + 1, 5 * kSlot + 9}) {
    std::vector<std::byte> image = test::pattern(bytes, bytes + 3);
    image.reserve(1);
    EXPECT_EQ(in_->copy_hashed(address_ + 11, at(image), bytes).value(), hash(image.data(), bytes));
    std::vector<std::byte> back(bytes + 1);
    EXPECT_EQ(out_->copy_hashed(address_ + 11, at(back), bytes).value(), hash(image.data(), bytes));
    back.resize(bytes);
    EXPECT_TRUE(test::same_bytes(back, image));
  }
  std::vector<std::byte> image = test::pattern(kSlot, 4);
  ASSERT_TRUE(pinned_->pin(at(image), kSlot).ok());
  EXPECT_EQ(in_->copy_hashed(address_, at(image), kSlot).value(), hash(image.data(), kSlot));
  ASSERT_TRUE(pinned_->unpin(at(image), kSlot).ok());
}

TEST_F(CudaLaneTest, zeroingReachesTheWholeRangeAndNoFurther) {
  const std::vector<std::byte> image = test::pattern(kDeviceBytes, 5);
  ASSERT_TRUE(in_->copy(address_, at(image), kDeviceBytes).ok());
  ASSERT_TRUE(in_->zero(address_ + 2 * kMiB, 2 * kMiB).ok());
  std::vector<std::byte> expected = image;
  std::fill_n(expected.begin() + 2 * kMiB, 2 * kMiB, std::byte{0});
  EXPECT_TRUE(test::same_bytes(read(0, kDeviceBytes), expected));
}

// Goal: threads share slots and streams without mixing bytes, whether the GPU works as early or as late as it can.
TEST_F(CudaLaneTest, copiesOfSeveralThreadsKeepTheirBytes) {
  constexpr uint64_t kThreads = 6;
  constexpr uint64_t kPart = kDeviceBytes / kThreads;
  for (const bool lazy : {true, false}) {
    fake_.set_lazy(lazy);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (uint64_t number = 0; number < kThreads; ++number) {
      threads.emplace_back([&, number] {
        const CudaContext::Scope scope(*context_);
        std::mt19937_64 random(number);
        for (int round = 0; round < 12; ++round) {
          const uint64_t bytes = 1 + random() % (kPart - 64);
          const uint64_t from = address_ + number * kPart + random() % 64;
          std::vector<std::byte> image = test::pattern(bytes, random());
          std::vector<std::byte> back(bytes);
          const bool pins = round % 3 == 0;
          if (pins && !pinned_->pin(at(image), bytes).ok()) ++wrong;
          if (!in_->copy(from, at(image), bytes).ok()) ++wrong;
          if (!out_->copy(from, at(back), bytes).ok()) ++wrong;
          if (!test::same_bytes(back, image)) ++wrong;
          if (pins && !pinned_->unpin(at(image), bytes).ok()) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0) << "lazy " << lazy;
  }
}

TEST_F(CudaLaneTest, aFailedCopyLeavesNothingOnItsWay) {
  const std::vector<std::byte> image = test::pattern(10 * kSlot, 6);
  for (const char* const call : {"cuMemcpyHtoDAsync_v2", "cuEventRecord", "cuEventSynchronize", "cuEventQuery"}) {
    for (const uint64_t nth : {1U, 2U, 4U}) {
      std::vector<std::byte> source = image;
      fake_.fail(call, nth, cuda::Code::kUnknown);
      const Status copied = in_->copy(address_, at(source), source.size());
      // A query that fails is asked again by waiting, and few waits are needed at all when queries see the end.
      EXPECT_TRUE(copied.ok() || fake_.failed()) << call;
      if (fake_.failed() && std::string(call) != "cuEventQuery") {
        EXPECT_EQ(copied.system_code(), 999) << call << " " << nth;
      }
      fake_.forgive();
      // Were anything on its way, it would read what is gone, and the slots would be missing.
      source = {};
      ASSERT_TRUE(in_->copy(address_, at(image), image.size()).ok());
      EXPECT_TRUE(test::same_bytes(read(0, image.size()), image));
    }
  }
}

TEST_F(CudaLaneTest, aFailedCopyOutOfRegisteredMemoryHasEndedToo) {
  std::vector<std::byte> target(kMiB);
  ASSERT_TRUE(pinned_->pin(at(target), target.size()).ok());
  fake_.fail("cuEventRecord", 1, cuda::Code::kUnknown);
  EXPECT_FALSE(out_->copy(address_, at(target), target.size()).ok());
  EXPECT_TRUE(pinned_->unpin(at(target), target.size()).ok());
  EXPECT_EQ(fake_.violations(), "") << "the memory was given back while the GPU wrote to it";
  fake_.fail("cuEventRecord", 1, cuda::Code::kUnknown);
  EXPECT_FALSE(in_->zero(address_, kMiB).ok());
}

TEST_F(CudaLaneTest, touchingWhatIsNotMappedLosesTheContextForAll) {
  may_leave();
  std::vector<std::byte> memory(10 * kSlot);
  EXPECT_EQ(in_->copy(address_ + kDeviceBytes - kSlot, at(memory), memory.size()).system_code(), 700);
  EXPECT_EQ(out_->copy(address_, at(memory), 1).system_code(), 700);
  EXPECT_FALSE(context_->lost().ok());
}

TEST_F(CudaLaneTest, slotsThatAreNoneAreRefused) {
  EXPECT_EQ(open(CudaLane::Direction::kIn, {0, 4}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(open(CudaLane::Direction::kIn, {kSlot, 0}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(open(CudaLane::Direction::kIn, {kGiB, 17}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(open(CudaLane::Direction::kIn, {~uint64_t{0}, 1}).status().code(), Code::kInvalidArgument);
}

TEST_F(CudaLaneTest, anOpeningThatFailsAnywhereHoldsNothing) {
  const fake_cuda_live before = fake_.live();
  // One call registers the slots, one makes the stream, and one an event for each slot.
  for (uint64_t nth = 1; nth <= 2 + kSlots; ++nth) {
    fake_.fail(nullptr, nth, cuda::Code::kUnknown);
    EXPECT_EQ(open(CudaLane::Direction::kIn).status().system_code(), 999) << nth;
    const fake_cuda_live after = fake_.live();
    EXPECT_EQ(after.streams, before.streams);
    EXPECT_EQ(after.events, before.events);
    EXPECT_EQ(after.registrations, before.registrations);
  }
  fake_.forgive();
}

}  // namespace
}  // namespace windlass
