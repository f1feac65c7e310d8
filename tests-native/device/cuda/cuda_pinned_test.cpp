#include "device/cuda/cuda_pinned.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "fake/fake_cuda.hpp"

namespace windlass {
namespace {

constexpr uint64_t kChunk = 64 * kKiB;

class CudaPinnedTest : public fake::FakeCudaTest {
 protected:
  void SetUp() override {
    context_ = CudaContext::open(load(), 0, "CUDA device 0").value();
    pinned_ = std::make_unique<CudaPinned>(*context_, kChunk);
    memory_.resize(10 * kChunk);
    start_ = reinterpret_cast<uint64_t>(memory_.data());
  }
  void TearDown() override {
    pinned_.reset();
    context_.reset();
    fake::FakeCudaTest::TearDown();
  }

  uint64_t registered(uint64_t offset, uint64_t bytes) {
    const CudaContext::Scope scope(*context_);
    return pinned_->registered_bytes(start_ + offset, bytes);
  }
  cuda::Code register_foreign(uint64_t offset, uint64_t bytes) {
    const CudaContext::Scope scope(*context_);
    return context_->functions().mem_host_register(memory_.data() + offset, bytes, cuda::kHostRegisterPortable);
  }
  cuda::Code unregister_foreign(uint64_t offset) {
    const CudaContext::Scope scope(*context_);
    return context_->functions().mem_host_unregister(memory_.data() + offset);
  }

  std::vector<std::byte> memory_;
  uint64_t start_ = 0;
  std::unique_ptr<CudaContext> context_;
  std::unique_ptr<CudaPinned> pinned_;
};

TEST_F(CudaPinnedTest, aRangeIsRegisteredInChunksAndKnownChunkByChunk) {
  ASSERT_TRUE(pinned_->pin(start_ + 100, 2 * kChunk + 7).ok());
  EXPECT_EQ(fake_.live().registrations, 3U);
  EXPECT_EQ(registered(99, 10), 0U);
  EXPECT_EQ(registered(100, 3 * kChunk), kChunk) << "a copy must end where its chunk does";
  EXPECT_EQ(registered(100 + kChunk - 1, 10), 1U);
  EXPECT_EQ(registered(100 + 2 * kChunk, kChunk), 7U);
  EXPECT_EQ(registered(100 + 2 * kChunk + 7, 1), 0U);
  ASSERT_TRUE(pinned_->unpin(start_ + 100, 2 * kChunk + 7).ok());
  EXPECT_EQ(fake_.live().registrations, 0U);
  EXPECT_EQ(registered(100, 1), 0U);
}

TEST_F(CudaPinnedTest, aChunkThatFailsUndoesThoseBefore) {
  fake_.fail("cuMemHostRegister_v2", 3, cuda::Code::kOutOfMemory);
  EXPECT_EQ(pinned_->pin(start_, 4 * kChunk).code(), Code::kNoMemory);
  EXPECT_EQ(fake_.live().registrations, 0U);
  EXPECT_EQ(registered(0, 1), 0U);
  EXPECT_FALSE(pinned_->unpin(start_, 4 * kChunk).ok());
  fake_.fail("cuMemHostRegister_v2", 1, cuda::Code::kNotPermitted);
  EXPECT_EQ(pinned_->pin(start_, kChunk).code(), Code::kPermission);
}

TEST_F(CudaPinnedTest, whatSomebodyElseHasRegisteredIsUsedAndLeftToHim) {
  ASSERT_EQ(register_foreign(kChunk, kChunk / 2), cuda::Code::kSuccess);
  EXPECT_EQ(registered(kChunk + 5, kChunk), kChunk / 2 - 5);
  ASSERT_TRUE(pinned_->pin(start_, 3 * kChunk).ok());
  EXPECT_EQ(fake_.live().registrations, 3U);
  EXPECT_EQ(registered(kChunk + kChunk / 2, 1), 0U) << "the chunk is not ours, and only half of it is registered";
  ASSERT_TRUE(pinned_->unpin(start_, 3 * kChunk).ok());
  EXPECT_EQ(fake_.live().registrations, 1U);
  EXPECT_EQ(unregister_foreign(kChunk), cuda::Code::kSuccess);
}

TEST_F(CudaPinnedTest, aRangePinnedTwiceStaysUntilItIsUnpinnedTwice) {
  ASSERT_TRUE(pinned_->pin(start_, kChunk).ok());
  ASSERT_TRUE(pinned_->pin(start_, kChunk).ok());
  ASSERT_TRUE(pinned_->unpin(start_, kChunk).ok());
  EXPECT_EQ(registered(0, kChunk), kChunk);
  ASSERT_TRUE(pinned_->unpin(start_, kChunk).ok());
  EXPECT_EQ(registered(0, kChunk), 0U);
}

TEST_F(CudaPinnedTest, misuseIsRefused) {
  EXPECT_EQ(pinned_->pin(0, kChunk).code(), Code::kInvalidArgument);
  EXPECT_EQ(pinned_->pin(start_, 0).code(), Code::kInvalidArgument);
  EXPECT_EQ(pinned_->unpin(start_, kChunk).code(), Code::kInvalidArgument);
  ASSERT_TRUE(pinned_->pin(start_, kChunk).ok());
  EXPECT_EQ(pinned_->pin(start_, 2 * kChunk).code(), Code::kInvalidArgument) << "another size at the same place";
  EXPECT_EQ(pinned_->unpin(start_, 2 * kChunk).code(), Code::kInvalidArgument);
}

TEST_F(CudaPinnedTest, whatIsStillPinnedAtTheEndIsUnregistered) {
  ASSERT_TRUE(pinned_->pin(start_, 3 * kChunk).ok());
  pinned_.reset();
  EXPECT_EQ(fake_.live().registrations, 0U);
}

}  // namespace
}  // namespace windlass
