// CUDA's real runtime, behind the functions of the same names that this library puts before it.
//
// It is looked for when it is needed, and again as long as it is not found, because a program may load it late: first
// after this library, in the order in which the program's own references are resolved; then among all libraries that
// are loaded, since one that was loaded for a plugin alone is not in that order. What is found never changes after.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace windlass {

// What the runtime's functions return, cudaError_t there.
enum class CudaError : int32_t {
  kSuccess = 0,
  kInvalidValue = 1,
  kMemoryAllocation = 2,
  kInitializationError = 3,
  kUnknown = 999,
};

class CudaRuntime {
 public:
  constexpr CudaRuntime() noexcept = default;
  CudaRuntime(const CudaRuntime&) = delete;
  CudaRuntime& operator=(const CudaRuntime&) = delete;

  // The real functions; kInitializationError where there are none.
  CudaError allocate(void** address, size_t bytes) noexcept;
  CudaError release(void* address) noexcept;

  // The calling thread's current device. Without a runtime it is that of the driver's current context, else the first.
  CudaError current_device(int* ordinal) noexcept;

 private:
  template <typename Function>
  static Function* find(std::atomic<Function*>& known, const char* name) noexcept;

  using Malloc = int32_t(void**, size_t);
  using Free = int32_t(void*);
  using GetDevice = int32_t(int*);

  std::atomic<Malloc*> malloc_ = nullptr;
  std::atomic<Free*> free_ = nullptr;
  std::atomic<GetDevice*> get_device_ = nullptr;
};

}  // namespace windlass
