#include "preload/cuda_runtime.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

// With a runtime, and before it: process_test.cpp, in processes that have one.
TEST(CudaRuntimeTest, withoutARuntimeEveryCallSaysSo) {
  CudaRuntime runtime;
  void* address = &runtime;
  EXPECT_EQ(runtime.allocate(&address, 1), CudaError::kInitializationError);
  EXPECT_EQ(address, &runtime);
  EXPECT_EQ(runtime.release(&runtime), CudaError::kInitializationError);
}

TEST(CudaRuntimeTest, withoutARuntimeTheFirstDeviceIsTheCurrentOne) {
  CudaRuntime runtime;
  int ordinal = 7;
  EXPECT_EQ(runtime.current_device(&ordinal), CudaError::kSuccess);
  EXPECT_EQ(ordinal, 0);
}

}  // namespace
}  // namespace windlass
