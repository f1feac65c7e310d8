// The CUDA driver, found when the program runs: its functions, and what its errors mean.
//
// A driver that has been initialised stays loaded for the life of the process, as it keeps threads and exit handlers of
// its own.
//
// Threads: any.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.hpp"
#include "device/cuda/cuda_api.hpp"

namespace windlass {

class CudaDriver {
 public:
  static constexpr const char* kDefaultPath = "libcuda.so.1";

  // Loads and initialises it. Errors: kLibrary (not found); kUnsupported (too old: a function is missing); kNotFound
  // (there is no GPU); kDevice.
  static Result<std::shared_ptr<CudaDriver>> load(const std::string& path = kDefaultPath);
  // For load().
  CudaDriver(std::string path, const cuda::Functions& functions, int version)
      : path_(std::move(path)), functions_(functions), version_(version) {}
  CudaDriver(const CudaDriver&) = delete;
  CudaDriver& operator=(const CudaDriver&) = delete;

  const cuda::Functions& functions() const noexcept { return functions_; }
  const std::string& path() const noexcept { return path_; }

  // The newest CUDA that the driver knows: 13000, and "13.0".
  int version() const noexcept { return version_; }
  std::string version_text() const;

  Result<int> device_count() const;

  // What became of a call: OK, or an error that names who asked, the call, and what the driver says of it.
  // Errors: kNoMemory; kPermission; kUnsupported; kDevice.
  Status status(cuda::Code code, std::string_view who, std::string_view call) const;

  // "CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)".
  std::string describe(cuda::Code code) const;

  // Whether the error has made the context unusable, so that every later call fails.
  static bool loses_context(cuda::Code code) noexcept;

 private:
  const std::string path_;
  const cuda::Functions functions_;
  const int version_;
};

}  // namespace windlass
