#include "device/cuda/cuda_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "fake/fake_cuda.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

class CudaContextTest : public fake::FakeCudaTest {
 protected:
  std::unique_ptr<CudaContext> open(int gpu) { return CudaContext::open(load(), gpu, "CUDA device x").value(); }

  static cuda::Context current(const CudaContext& context) {
    cuda::Context now = nullptr;
    EXPECT_EQ(context.functions().ctx_get_current(&now), cuda::Code::kSuccess);
    return now;
  }
};

TEST_F(CudaContextTest, itIsRetainedWhileItIsOpen) {
  {
    const auto context = open(0);
    const auto same = open(0);
    EXPECT_EQ(fake_.live().contexts, 2U);
  }
  EXPECT_EQ(fake_.live().contexts, 0U);
}

TEST_F(CudaContextTest, aRetainThatFailsHoldsNothing) {
  const auto driver = load();
  fake_.fail("cuDevicePrimaryCtxRetain", 1, cuda::Code::kOutOfMemory);
  EXPECT_EQ(CudaContext::open(driver, 0, "x").status().code(), Code::kNoMemory);
}

TEST_F(CudaContextTest, theCallersContextIsCurrentAgainAfterAScope) {
  const auto first = open(0);
  const auto second = open(1);
  EXPECT_EQ(current(*first), nullptr);
  {
    const CudaContext::Scope outer(*first);
    ASSERT_TRUE(outer.ok());
    const cuda::Context callers = current(*first);
    EXPECT_NE(callers, nullptr);
    {
      const CudaContext::Scope inner(*second);
      ASSERT_TRUE(inner.ok());
      EXPECT_NE(current(*first), callers);
    }
    EXPECT_EQ(current(*first), callers);
    EXPECT_TRUE(second->run("a call", [] { return cuda::Code::kSuccess; }).ok());
    EXPECT_FALSE(second->run("a call", [] { return cuda::Code::kInvalidValue; }).ok());
    second->give_up("a call", [] { return cuda::Code::kInvalidValue; });
    EXPECT_EQ(current(*first), callers);
  }
  EXPECT_EQ(current(*first), nullptr);
}

TEST_F(CudaContextTest, itIsCurrentInTheThreadThatAsksOnly) {
  const auto context = open(0);
  const CudaContext::Scope scope(*context);
  std::thread([&] { EXPECT_EQ(current(*context), nullptr); }).join();
}

TEST_F(CudaContextTest, aPushThatFailsIsAnErrorAndRunsNothing) {
  const auto context = open(0);
  fake_.fail("cuCtxPushCurrent_v2", 1, cuda::Code::kUnknown);
  bool called = false;
  const Status ran = context->run("a call", [&] {
    called = true;
    return cuda::Code::kSuccess;
  });
  EXPECT_EQ(ran.code(), Code::kDevice);
  EXPECT_FALSE(called);
}

TEST_F(CudaContextTest, onceLostItStaysLostWithItsFirstCause) {
  const auto context = open(0);
  EXPECT_TRUE(context->lost().ok());
  EXPECT_EQ(context->run("cuFirst", [] { return cuda::Code::kIllegalAddress; }).system_code(), 700);
  EXPECT_EQ(context->check(cuda::Code::kLaunchFailed, "cuSecond").system_code(), 700);
  const uint64_t calls = fake_.calls(nullptr);
  bool called = false;
  const Status later = context->run("cuThird", [&] {
    called = true;
    return cuda::Code::kSuccess;
  });
  EXPECT_FALSE(called);
  EXPECT_EQ(fake_.calls(nullptr), calls) << "it fails at once, without the driver";
  EXPECT_EQ(later.code(), Code::kDevice);
  EXPECT_EQ(later.system_code(), 700);
  EXPECT_THAT(std::string(later.message()), HasSubstr("context is lost: cuFirst says CUDA_ERROR_ILLEGAL_ADDRESS"));
  EXPECT_THAT(std::string(later.message()), HasSubstr("restart"));
}

TEST_F(CudaContextTest, givingUpIsTriedEvenWhenItIsLost) {
  const auto context = open(0);
  (void)context->check(cuda::Code::kLaunchFailed, "cuFirst");
  bool called = false;
  context->give_up("cuMemRelease", [&] {
    called = true;
    return cuda::Code::kLaunchFailed;
  });
  EXPECT_TRUE(called);
}

TEST_F(CudaContextTest, ordinaryErrorsLoseNothing) {
  const auto context = open(0);
  EXPECT_EQ(context->run("a call", [] { return cuda::Code::kOutOfMemory; }).code(), Code::kNoMemory);
  EXPECT_TRUE(context->lost().ok());
  EXPECT_TRUE(context->run("a call", [] { return cuda::Code::kSuccess; }).ok());
}

}  // namespace
}  // namespace windlass
