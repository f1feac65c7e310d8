// How a test looks into the fake CUDA runtime.
#ifndef WINDLASS_FAKE_CUDART_H
#define WINDLASS_FAKE_CUDART_H

#include <stddef.h>
#include <stdint.h>

#define FAKE_CUDART_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

FAKE_CUDART_API int32_t cudaMalloc(void** address, size_t bytes);
FAKE_CUDART_API int32_t cudaFree(void* address);
FAKE_CUDART_API int32_t cudaGetDevice(int* ordinal);
FAKE_CUDART_API int32_t cudaSetDevice(int ordinal);

// Calls of cudaMalloc and cudaFree that reached the runtime, and what of it is not freed.
FAKE_CUDART_API uint64_t fake_cudart_mallocs(void);
FAKE_CUDART_API uint64_t fake_cudart_frees(void);
FAKE_CUDART_API uint64_t fake_cudart_live(void);

#ifdef __cplusplus
}
#endif

#endif
