// The names of others that the preloaded library answers to: two of CUDA's runtime, and the two that PyTorch's
// pluggable allocator asks for. Each is as its caller declares it.
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

// NOLINTBEGIN(readability-identifier-naming): the names are CUDA's.
extern "C" {

// In an enabled scope, a region's address; else what CUDA's own function returns. A size of 0 gives a null pointer.
__attribute__((visibility("default"))) int32_t cudaMalloc(void** address, size_t bytes);

// Closes the region that starts at the address, in either state, once the device has finished its work; any other
// address goes to CUDA's own function.
__attribute__((visibility("default"))) int32_t cudaFree(void* address);

// Always a region, as the thread's scope says, enabled or not; null if it cannot be had.
__attribute__((visibility("default"))) void* windlass_torch_malloc(ssize_t bytes, int device, void* stream);

// Waits for all of the device's work, of which the stream's is a part.
__attribute__((visibility("default"))) void windlass_torch_free(void* address, ssize_t bytes, int device, void* stream);

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
