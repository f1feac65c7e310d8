// How a test steers the fake CUDA driver and looks into it. The library is loaded at run time, so these are found by
// name; tests-native/fake/cuda_control.hpp does that.
//
// The fake holds its users to the driver's rules. What breaks one is refused with an error code; what a real GPU would
// let pass and punish later (memory unmapped under a copy, say) is noted as a violation.
#ifndef WINDLASS_FAKE_CUDA_H
#define WINDLASS_FAKE_CUDA_H

#include <stddef.h>
#include <stdint.h>

#define FAKE_CUDA_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

struct fake_cuda_live {
  uint64_t contexts;      // times that primary contexts are retained
  uint64_t reservations;  // of addresses
  uint64_t handles;       // to physical memory
  uint64_t mappings;      // of physical memory behind addresses
  uint64_t streams;
  uint64_t events;
  uint64_t registrations;  // of host memory
  uint64_t used_bytes;     // of physical memory, on all GPUs
  uint64_t stack_depth;    // of contexts, in the calling thread
};

// The library as it was just loaded: two GPUs of 64 MiB that reach each other, nothing initialised, nothing failing.
// No other thread may be in a call.
FAKE_CUDA_API void fake_cuda_reset(void);

// Before cuInit.
FAKE_CUDA_API void fake_cuda_set_gpus(int32_t count, uint64_t memory_bytes);
FAKE_CUDA_API void fake_cuda_set_peer_access(int32_t allowed);
FAKE_CUDA_API void fake_cuda_set_attribute(int32_t attribute, int32_t value);

// 1, as at first: work of a stream runs only when somebody waits for it or asks for it, as late as it could be.
// 0: as soon as it is there.
FAKE_CUDA_API void fake_cuda_set_lazy(int32_t lazy);

// Makes the nth call from now on (1: the next) of that name fail once with the code; name NULL: of any name but those
// whose failing nobody can undo or whose number depends on time (cuCtxPopCurrent, cuEventQuery, cuGetError…).
FAKE_CUDA_API void fake_cuda_fail(const char* name, uint64_t nth, int32_t code);
// Whether that has happened.
FAKE_CUDA_API int32_t fake_cuda_failed(void);

// A kernel of somebody else's has done something wrong: every further call in the GPU's context fails with the code.
FAKE_CUDA_API void fake_cuda_lose_context(int32_t gpu, int32_t code);

// Calls so far; name NULL: of any name.
FAKE_CUDA_API uint64_t fake_cuda_calls(const char* name);
FAKE_CUDA_API void fake_cuda_get_live(struct fake_cuda_live* live);

// Whether the GPU may use what is mapped at the address.
FAKE_CUDA_API int32_t fake_cuda_has_access(uint64_t address, int32_t gpu);

// Whether the memory of the handle mapped at the address was created for network cards.
FAKE_CUDA_API int32_t fake_cuda_is_rdma_capable(uint64_t address);

// Copies whose host memory was not registered.
FAKE_CUDA_API uint64_t fake_cuda_pageable_copies(void);

// The violations so far, one in each line; returns how long the text is. text may be NULL.
FAKE_CUDA_API size_t fake_cuda_violations(char* text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
