// The CUDA device's copies, the host memory that makes them fast, and the descriptors by which others copy.
#include <fcntl.h>

#include "base/text.hpp"
#include "device/cuda/cuda_device.hpp"

namespace windlass {

namespace {

// The range's use by a copy, which keeps it from being unmapped.
class RangeUse {
 public:
  RangeUse(CudaExtents& extents, uint64_t address, uint64_t bytes)
      : extents_(extents), address_(address), bytes_(bytes), status_(extents.begin_copy(address, bytes)) {}
  ~RangeUse() {
    if (status_.ok()) extents_.end_copy(address_, bytes_);
  }
  RangeUse(const RangeUse&) = delete;
  RangeUse& operator=(const RangeUse&) = delete;

  const Status& status() const noexcept { return status_; }

 private:
  CudaExtents& extents_;
  const uint64_t address_;
  const uint64_t bytes_;
  const Status status_;
};

uint64_t address_of(const void* memory) noexcept { return reinterpret_cast<uint64_t>(memory); }

}  // namespace

template <typename Copy>
auto CudaDevice::with_range(uint64_t address, uint64_t bytes, Copy&& copy) -> decltype(copy()) {
  const RangeUse use(extents_, address, bytes);
  if (!use.status().ok()) return use.status();
  const CudaContext::Scope scope(*context_);
  if (!scope.ok()) return scope.status();
  return copy();
}

Status CudaDevice::copy_in(uint64_t target_address, const void* source, uint64_t bytes) {
  return with_range(target_address, bytes, [&] { return in_->copy(target_address, address_of(source), bytes); });
}

Status CudaDevice::copy_out(void* target, uint64_t source_address, uint64_t bytes) {
  return with_range(source_address, bytes, [&] { return out_->copy(source_address, address_of(target), bytes); });
}

Result<Hash128> CudaDevice::copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) {
  return with_range(target_address, bytes, [&] { return in_->copy_hashed(target_address, address_of(source), bytes); });
}

Result<Hash128> CudaDevice::copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) {
  return with_range(source_address, bytes,
                    [&] { return out_->copy_hashed(source_address, address_of(target), bytes); });
}

Status CudaDevice::pin_host(void* address, uint64_t bytes) { return pinned_.pin(address_of(address), bytes); }

Status CudaDevice::unpin_host(void* address, uint64_t bytes) { return pinned_.unpin(address_of(address), bytes); }

Result<int> CudaDevice::export_dmabuf(uint64_t address, uint64_t bytes) {
  if (Status given = gives_dmabuf(); !given.ok()) return given;
  int descriptor = -1;
  Status exported = with_range(address, bytes, [&] {
    return context_->run("cuMemGetHandleForAddressRange", [&] {
      return functions().mem_get_handle_for_address_range(&descriptor, address, bytes, cuda::kRangeHandleDmaBuf, 0);
    });
  });
  if (!exported.ok()) return exported;
  (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return descriptor;
}

Status CudaDevice::gives_dmabuf() const {
  if (functions().mem_get_handle_for_address_range == nullptr) {
    return Status::error(Code::kUnsupported,
                         "the CUDA driver has no cuMemGetHandleForAddressRange; install one for CUDA 11.7 or newer");
  }
  if (traits_.dmabuf) return Status();
  return Status::error(Code::kUnsupported,
                       text(name(),
                            " gives no dma-buf: its driver says so; use NVIDIA's open kernel modules, and Linux "
                            "5.12 or newer"));
}

}  // namespace windlass
