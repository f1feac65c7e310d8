// What the process has one of: the preloaded library's state, and CUDA's real runtime.
//
// Both are made when they are first needed, which may be before main, and never destroyed, so that allocations and
// frees during exit find them.
#pragma once

#include "preload/cuda_runtime.hpp"
#include "preload/preload.hpp"

namespace windlass {

// Configured by the environment as it is at the first call.
Preload& preload_instance();

CudaRuntime& cuda_runtime() noexcept;

// While one exists, its thread is inside this library: what it, or the driver under it, allocates is not interposed.
class Inside {
 public:
  Inside() noexcept { ++depth; }
  ~Inside() { --depth; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  static bool here() noexcept { return depth != 0; }

 private:
  static constinit thread_local int depth;
};

}  // namespace windlass
