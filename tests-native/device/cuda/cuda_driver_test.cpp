#include "device/cuda/cuda_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fake/fake_cuda.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

class CudaDriverTest : public fake::FakeCudaTest {};

TEST_F(CudaDriverTest, aDriverThatIsThereIsLoadedAndToldApart) {
  const std::shared_ptr<CudaDriver> driver = load();
  EXPECT_EQ(driver->version(), 12040);
  EXPECT_EQ(driver->version_text(), "12.4");
  EXPECT_EQ(driver->path(), fake::FakeCuda::kPath);
  EXPECT_EQ(driver->device_count().value(), 2);
}

TEST_F(CudaDriverTest, aLibraryThatIsNotThereIsSaidWithTheWayOut) {
  Result<std::shared_ptr<CudaDriver>> loaded = CudaDriver::load("/nowhere/libcuda.so.1");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kLibrary);
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("/nowhere/libcuda.so.1"));
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("install"));
}

TEST_F(CudaDriverTest, aFunctionThatIsMissingIsNamed) {
  Result<std::shared_ptr<CudaDriver>> loaded = CudaDriver::load("libm.so.6");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kUnsupported);
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("libm.so.6 has no cuInit"));
}

TEST_F(CudaDriverTest, aMachineWithoutAGpuIsToldFromADriverThatDoesNotWork) {
  fake_.set_gpus(0, 0);
  Result<std::shared_ptr<CudaDriver>> loaded = CudaDriver::load(fake::FakeCuda::kPath);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kNotFound);
  EXPECT_EQ(loaded.status().system_code(), 100);

  fake_.reset();
  fake_.fail("cuInit", 1, cuda::Code::kUnknown);
  loaded = CudaDriver::load(fake::FakeCuda::kPath);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kDevice);
  EXPECT_EQ(loaded.status().system_code(), 999);
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("CUDA_ERROR_UNKNOWN (unknown error)"));
}

TEST_F(CudaDriverTest, aVersionThatCannotBeHadIsAnError) {
  fake_.fail("cuDriverGetVersion", 1, cuda::Code::kInvalidValue);
  Result<std::shared_ptr<CudaDriver>> loaded = CudaDriver::load(fake::FakeCuda::kPath);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kDevice);
}

TEST_F(CudaDriverTest, aFailedCallIsTranslatedWithItsNameAndCode) {
  const std::shared_ptr<CudaDriver> driver = load();
  EXPECT_TRUE(driver->status(cuda::Code::kSuccess, "who", "cuMemCreate").ok());
  const Status memory = driver->status(cuda::Code::kOutOfMemory, "CUDA device 1", "cuMemCreate");
  EXPECT_EQ(memory.code(), Code::kNoMemory);
  EXPECT_EQ(memory.system_code(), 2);
  EXPECT_THAT(std::string(memory.message()),
              HasSubstr("CUDA device 1: cuMemCreate says CUDA_ERROR_OUT_OF_MEMORY (out of memory)"));
  EXPECT_EQ(driver->status(cuda::Code::kNotPermitted, "", "").code(), Code::kPermission);
  EXPECT_EQ(driver->status(cuda::Code::kNotSupported, "", "").code(), Code::kUnsupported);
  EXPECT_EQ(driver->status(cuda::Code::kInvalidValue, "", "").code(), Code::kDevice);
}

TEST_F(CudaDriverTest, aCodeWithoutANameIsShownAsItsNumber) {
  EXPECT_THAT(load()->describe(static_cast<cuda::Code>(4711)), HasSubstr("error 4711"));
}

TEST_F(CudaDriverTest, errorsThatLoseTheContextAreTheDriversSticky) {
  for (const int code : {214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 911}) {
    EXPECT_TRUE(CudaDriver::loses_context(static_cast<cuda::Code>(code))) << code;
  }
  for (const int code : {0, 1, 2, 3, 201, 400, 600, 712, 713, 800, 801, 999}) {
    EXPECT_FALSE(CudaDriver::loses_context(static_cast<cuda::Code>(code))) << code;
  }
}

TEST_F(CudaDriverTest, aCountThatCannotBeHadIsAnError) {
  const std::shared_ptr<CudaDriver> driver = load();
  fake_.fail("cuDeviceGetCount", 1, cuda::Code::kUnknown);
  EXPECT_EQ(driver->device_count().status().code(), Code::kDevice);
}

}  // namespace
}  // namespace windlass
