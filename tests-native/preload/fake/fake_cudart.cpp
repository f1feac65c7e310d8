// A CUDA runtime of four functions, whose memory is the heap's. Its names have a version, as those of the real one
// have.
#include <cstdlib>
#include <mutex>
#include <set>

#include "fake_cudart.h"

namespace {

constexpr int32_t kSuccess = 0;
constexpr int32_t kInvalidValue = 1;
constexpr int32_t kMemoryAllocation = 2;

struct State {
  std::mutex mutex;
  std::set<void*> live;
  uint64_t mallocs = 0;
  uint64_t frees = 0;
};

// Never destroyed, as programs call during exit.
State& state() {
  static State* const only = new State();
  return *only;
}

thread_local int current_device = 0;

}  // namespace

int32_t cudaMalloc(void** address, size_t bytes) {
  if (address == nullptr) return kInvalidValue;
  State& now = state();
  const std::lock_guard lock(now.mutex);
  ++now.mallocs;
  *address = nullptr;
  if (bytes == 0) return kSuccess;
  void* const taken = std::malloc(bytes);
  if (taken == nullptr) return kMemoryAllocation;
  now.live.insert(taken);
  *address = taken;
  return kSuccess;
}

int32_t cudaFree(void* address) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  ++now.frees;
  if (address == nullptr) return kSuccess;
  if (now.live.erase(address) == 0) return kInvalidValue;
  std::free(address);
  return kSuccess;
}

int32_t cudaGetDevice(int* ordinal) {
  *ordinal = current_device;
  return kSuccess;
}

int32_t cudaSetDevice(int ordinal) {
  current_device = ordinal;
  return kSuccess;
}

uint64_t fake_cudart_mallocs() {
  const std::lock_guard lock(state().mutex);
  return state().mallocs;
}

uint64_t fake_cudart_frees() {
  const std::lock_guard lock(state().mutex);
  return state().frees;
}

uint64_t fake_cudart_live() {
  const std::lock_guard lock(state().mutex);
  return state().live.size();
}
