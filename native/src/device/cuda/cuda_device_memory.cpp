// The CUDA device's memory: taken, put behind addresses, and given back.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/contain.hpp"
#include "base/text.hpp"
#include "device/cuda/cuda_device.hpp"

namespace windlass {

Result<DeviceMemory> CudaDevice::memory() const {
  size_t free_bytes = 0;
  size_t total_bytes = 0;
  Status asked = context_->run("cuMemGetInfo", [&] { return functions().mem_get_info(&free_bytes, &total_bytes); });
  if (!asked.ok()) return asked;
  return DeviceMemory{total_bytes, free_bytes, extents_.used_bytes()};
}

Result<uint64_t> CudaDevice::reserve(uint64_t bytes) {
  if (Status sized = extents_.check_size("reserve", bytes); !sized.ok()) return sized;
  cuda::Address address = 0;
  Status got = context_->run("cuMemAddressReserve", [&] {
    return functions().mem_address_reserve(&address, bytes, traits_.granularity_bytes, 0, 0);
  });
  if (!got.ok()) return got;
  Status kept = contain([&] {
    extents_.add_range(address, bytes);
    return Status();
  });
  if (kept.ok()) return address;
  context_->give_up("cuMemAddressFree", [&] { return functions().mem_address_free(address, bytes); });
  return kept;
}

Status CudaDevice::unreserve(uint64_t address, uint64_t bytes) {
  auto range = extents_.begin_unreserve(address, bytes);
  if (!range.ok()) return range.status();
  Status gone = context_->run("cuMemAddressFree", [&] { return functions().mem_address_free(address, bytes); });
  extents_.end_unreserve(*std::move(range), gone.ok());
  return gone;
}

Result<PhysicalId> CudaDevice::create(uint64_t bytes) {
  if (Status sized = extents_.check_size("create", bytes); !sized.ok()) return sized;
  cuda::MemoryHandle handle = 0;
  Status got =
      context_->run("cuMemCreate", [&] { return functions().mem_create(&handle, bytes, &traits_.properties, 0); });
  if (!got.ok()) return got.with_prefix(text("taking ", bytes_text(bytes)));
  return keep(handle, bytes, true);
}

Result<PhysicalId> CudaDevice::keep(cuda::MemoryHandle handle, uint64_t bytes, bool fresh) {
  PhysicalId id = 0;
  Status kept = contain([&] {
    id = extents_.add_piece(handle, bytes, fresh);
    return Status();
  });
  if (kept.ok()) return id;
  context_->give_up("cuMemRelease", [&] { return functions().mem_release(handle); });
  return kept;
}

Status CudaDevice::release(PhysicalId physical) {
  Result<cuda::MemoryHandle> handle = extents_.begin_release(physical);
  if (!handle.ok()) return handle.status();
  Status gone = context_->run("cuMemRelease", [&] { return functions().mem_release(*handle); });
  extents_.end_release(physical, gone.ok());
  return gone;
}

Status CudaDevice::map(uint64_t address, uint64_t bytes, PhysicalId physical) {
  Result<cuda::MemoryHandle> handle = extents_.begin_map(address, bytes, physical);
  if (!handle.ok()) return handle.status();
  Status mapped = context_->run("cuMemMap", [&] { return functions().mem_map(address, bytes, 0, *handle, 0); });
  extents_.end_map(address, mapped.ok());
  return mapped;
}

Status CudaDevice::unmap(uint64_t address, uint64_t bytes) {
  if (Status begun = extents_.begin_unmap(address, bytes); !begun.ok()) return begun;
  Status gone = context_->run("cuMemUnmap", [&] { return functions().mem_unmap(address, bytes); });
  extents_.end_unmap(address, bytes, gone.ok());
  return gone;
}

Status CudaDevice::set_access(uint64_t address, uint64_t bytes) {
  Result<std::vector<CudaExtents::Run>> runs = extents_.begin_access(address, bytes);
  if (!runs.ok()) return runs.status();
  Status usable = contain([&] { return give_access(address, bytes, *runs); });
  extents_.end_access(address, bytes, usable.ok());
  return usable;
}

Status CudaDevice::give_access(uint64_t address, uint64_t bytes, const std::vector<CudaExtents::Run>& runs) {
  // One call for the whole range and for all GPUs: each one makes every GPU forget what it knew of addresses.
  Status given = context_->run("cuMemSetAccess", [&] {
    return functions().mem_set_access(address, bytes, traits_.access.data(), traits_.access.size());
  });
  if (!given.ok()) return given;
  Status zeroed = contain([&] {
    const CudaContext::Scope scope(*context_);
    if (!scope.ok()) return scope.status();
    for (const CudaExtents::Run& run : runs) {
      // What the driver gives may hold the bytes of whoever had it before.
      if (!run.fresh) continue;
      if (Status done = in_->zero(run.address, run.bytes); !done.ok()) return done;
    }
    return Status();
  });
  if (!zeroed.ok()) take_access(runs);
  return zeroed;
}

void CudaDevice::take_access(const std::vector<CudaExtents::Run>& runs) noexcept {
  for (const CudaExtents::Run& run : runs) {
    for (cuda::AccessDescription none : traits_.access) {
      none.flags = cuda::kAccessNone;
      context_->give_up("cuMemSetAccess", [&] { return functions().mem_set_access(run.address, run.bytes, &none, 1); });
    }
  }
}

Status CudaDevice::drain() {
  return context_->run("cuCtxSynchronize", [&] { return functions().ctx_synchronize(); });
}

Result<int> CudaDevice::export_memory(PhysicalId physical) {
  if (traits_.properties.requested_handle_types != cuda::kHandlePosixFileDescriptor) {
    return Device::export_memory(physical);
  }
  Result<cuda::MemoryHandle> handle = extents_.begin_use(physical);
  if (!handle.ok()) return handle.status();
  int descriptor = -1;
  Status exported = context_->run("cuMemExportToShareableHandle", [&] {
    return functions().mem_export_to_shareable_handle(&descriptor, *handle, cuda::kHandlePosixFileDescriptor, 0);
  });
  extents_.end_use(physical);
  if (!exported.ok()) return exported;
  // A program that this process starts must not keep the memory.
  (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return descriptor;
}

Result<PhysicalId> CudaDevice::import_memory(int descriptor, uint64_t bytes) {
  if (Status sized = extents_.check_size("import", bytes); !sized.ok()) return sized;
  cuda::MemoryHandle handle = 0;
  Status imported = context_->run("cuMemImportFromShareableHandle", [&] {
    void* const named = reinterpret_cast<void*>(static_cast<intptr_t>(descriptor));
    return functions().mem_import_from_shareable_handle(&handle, named, cuda::kHandlePosixFileDescriptor);
  });
  if (!imported.ok()) return imported;
  return keep(handle, bytes, false);
}

Result<uint64_t> CudaDevice::resident_bytes(uint64_t address, uint64_t bytes) const {
  return extents_.mapped_bytes(address, bytes);
}

}  // namespace windlass
