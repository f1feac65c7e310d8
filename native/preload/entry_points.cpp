#include "preload/entry_points.hpp"

#include <optional>
#include <string>
#include <utility>

#include "base/contain.hpp"
#include "base/text.hpp"
#include "preload/instance.hpp"

namespace {

using windlass::Code;
using windlass::contain;
using windlass::cuda_runtime;
using windlass::CudaError;
using windlass::Inside;
using windlass::Preload;
using windlass::preload_instance;
using windlass::Result;
using windlass::Status;
using windlass::text;

// What CUDA's runtime would return. The driver's numbers for errors of the device are the runtime's.
CudaError error_of(const Status& status) noexcept {
  switch (status.code()) {
    case Code::kOk:
      return CudaError::kSuccess;
    case Code::kInvalidArgument:
      return CudaError::kInvalidValue;
    case Code::kNoMemory:
    case Code::kNoSpace:
      return CudaError::kMemoryAllocation;
    case Code::kLibrary:
    case Code::kNotFound:
    case Code::kUnsupported:
      return CudaError::kInitializationError;
    case Code::kDevice:
      return status.system_code() > 0 ? static_cast<CudaError>(status.system_code()) : CudaError::kUnknown;
    default:
      return CudaError::kUnknown;
  }
}

// The library's state; null if there is no memory to make it, or if this thread is inside the library already.
Preload* preload_from_outside() noexcept {
  if (Inside::here()) return nullptr;
  const Inside inside;
  Preload* preload = nullptr;
  Status found = contain([&] {
    preload = &preload_instance();
    return Status();
  });
  return found.ok() ? preload : nullptr;
}

// Runs work inside the library, and notes if it fails.
template <typename Work>
CudaError run_inside(Preload& preload, Work&& work) noexcept {
  const Inside inside;
  const Status done = contain(std::forward<Work>(work));
  if (!done.ok()) preload.note_failure(done);
  return error_of(done);
}

CudaError allocate_region(Preload& preload, size_t bytes, int ordinal, void** address) noexcept {
  return run_inside(preload, [&] {
    Result<uint64_t> allocated = preload.allocate(bytes, ordinal);
    if (!allocated.ok()) return allocated.status();
    *address = reinterpret_cast<void*>(*allocated);
    return Status();
  });
}

// Nothing if no region starts at the address.
std::optional<CudaError> release_region(Preload& preload, void* address) noexcept {
  bool found = false;
  const CudaError released = run_inside(preload, [&] {
    const std::optional<Status> closed = preload.release(reinterpret_cast<uint64_t>(address));
    found = closed.has_value();
    return closed.value_or(Status());
  });
  if (!found && released == CudaError::kSuccess) return std::nullopt;
  return released;
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are CUDA's.

int32_t cudaMalloc(void** address, size_t bytes) {
  Preload* const preload = preload_from_outside();
  if (preload == nullptr || !preload->interposes()) {
    return static_cast<int32_t>(cuda_runtime().allocate(address, bytes));
  }
  if (address == nullptr) return static_cast<int32_t>(CudaError::kInvalidValue);
  if (bytes == 0) {
    *address = nullptr;
    return static_cast<int32_t>(CudaError::kSuccess);
  }
  int ordinal = 0;
  if (const CudaError asked = cuda_runtime().current_device(&ordinal); asked != CudaError::kSuccess) {
    return static_cast<int32_t>(asked);
  }
  return static_cast<int32_t>(allocate_region(*preload, bytes, ordinal, address));
}

int32_t cudaFree(void* address) {
  Preload* const preload = address != nullptr ? preload_from_outside() : nullptr;
  if (preload != nullptr) {
    if (const std::optional<CudaError> closed = release_region(*preload, address); closed.has_value()) {
      return static_cast<int32_t>(*closed);
    }
  }
  return static_cast<int32_t>(cuda_runtime().release(address));
}

// NOLINTEND(readability-identifier-naming)

void* windlass_torch_malloc(ssize_t bytes, int device, void* /*stream*/) {
  Preload* const preload = preload_from_outside();
  if (preload == nullptr || bytes <= 0) return nullptr;
  void* address = nullptr;
  (void)allocate_region(*preload, static_cast<size_t>(bytes), device, &address);
  return address;
}

void windlass_torch_free(void* address, ssize_t /*bytes*/, int /*device*/, void* /*stream*/) {
  Preload* const preload = preload_from_outside();
  if (preload == nullptr || address == nullptr) return;
  if (release_region(*preload, address).has_value()) return;
  (void)run_inside(*preload, [&] {
    const std::string where = windlass::hex_text(reinterpret_cast<uint64_t>(address));
    return Status::error(Code::kInvalidArgument,
                         text("windlass_torch_free: no region starts at ", where, "; free what was allocated, once"));
  });
}
