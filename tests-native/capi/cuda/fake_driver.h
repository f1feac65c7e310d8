/*
 * The fake CUDA driver, seen from a test in C. It is found as the real one would be, by its name, where LD_LIBRARY_PATH
 * says; the tests run with the real one too, which keeps no books.
 */
#ifndef WINDLASS_TESTS_CAPI_CUDA_FAKE_DRIVER_H
#define WINDLASS_TESTS_CAPI_CUDA_FAKE_DRIVER_H

#include <stdint.h>

/* Whether there is a GPU, of either driver. */
int has_gpu(void);

/* Whether the driver is the fake one. */
int is_fake(void);

/* Copies so far whose host memory was not pinned; 0 with the real driver. */
uint64_t pageable_copies(void);

/* All must be given back to the driver, and no rule of its broken. */
void check_driver_is_clean(void);

#endif
