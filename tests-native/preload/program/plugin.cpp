// A plugin that allocates through CUDA's runtime, which only it is linked with.
#include "../fake/fake_cudart.h"

extern "C" {

__attribute__((visibility("default"))) int32_t plugin_allocate(void** address, size_t bytes) {
  return cudaMalloc(address, bytes);
}

__attribute__((visibility("default"))) int32_t plugin_release(void* address) { return cudaFree(address); }

__attribute__((visibility("default"))) uint64_t plugin_mallocs() { return fake_cudart_mallocs(); }

}  // extern "C"
