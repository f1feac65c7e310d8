// The limit of pausing and resuming on a GPU: the driver's own asynchronous copies of the same bytes, on a stream with
// nothing else on it. And what a pause pays that pins its host memory itself.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/status.hpp"
#include "device/cuda/cuda_context.hpp"
#include "device/cuda/cuda_driver.hpp"

namespace windlass::bench {

// Device memory, and the host memory that it is copied to or from.
struct CopyPiece {
  uint64_t address = 0;
  std::byte* host = nullptr;
  uint64_t bytes = 0;
};

class GpuLimit {
 public:
  // Errors: kDevice; kNoMemory.
  static Result<std::unique_ptr<GpuLimit>> open(std::shared_ptr<CudaDriver> driver, int ordinal);
  // For open().
  explicit GpuLimit(std::unique_ptr<CudaContext> context) noexcept : context_(std::move(context)) {}
  ~GpuLimit();
  GpuLimit(const GpuLimit&) = delete;
  GpuLimit& operator=(const GpuLimit&) = delete;

  // Each enqueues a copy per piece, and waits for all. Errors: kDevice.
  Status copy_out(std::span<const CopyPiece> pieces);
  Status copy_in(std::span<const CopyPiece> pieces);

  // As a framework does it where it allocates pinned memory. Errors: kNoMemory; kPermission; kDevice.
  Status pin(std::span<std::byte> memory);
  Status unpin(std::span<std::byte> memory);

 private:
  template <typename Enqueue>
  Status copy_all(std::span<const CopyPiece> pieces, const char* name, Enqueue&& enqueue);
  const cuda::Functions& functions() const noexcept { return context_->functions(); }

  const std::unique_ptr<CudaContext> context_;
  cuda::Stream stream_ = nullptr;
};

}  // namespace windlass::bench
