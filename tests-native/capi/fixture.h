/* What several test files share: small devices and regions, and memory to compare with. */
#ifndef WINDLASS_TESTS_CAPI_FIXTURE_H
#define WINDLASS_TESTS_CAPI_FIXTURE_H

#include "windlass/windlass.h"

#define MIB ((uint64_t)1 << 20)
#define GRANULE (2 * MIB)
#define DEVICE_BYTES (64 * MIB)

/* Fills memory with what no status, size or handle is, to see whether a failed call wrote to it. */
#define POISON 0xa5

/* A handle that nobody gave out, but which looks like one of this kind. */
wl_device forged_handle(wl_kind kind);

/* An emulated device of DEVICE_BYTES with one thread. */
wl_device open_device(void);

/* A region with this backup; a pool is for the pooled one. */
wl_region open_region(wl_device device, uint64_t size_bytes, wl_backup_kind backup, wl_page_pool pool);

/* A region with these options. */
wl_region open_region_with(wl_device device, uint64_t size_bytes, const wl_region_options* options);

wl_region_info region_info(wl_region region);
wl_page_pool_info pool_info(wl_page_pool pool);
uint64_t live(wl_kind kind);

/* The byte that a pattern has at an index. */
uint8_t pattern_at(uint64_t seed, uint64_t index);
void fill_pattern(void* memory, uint64_t size_bytes, uint64_t seed);

/* The index of the first byte that differs from the pattern, or size_bytes. */
uint64_t first_difference(const void* memory, uint64_t size_bytes, uint64_t seed);

/* Whether every byte is POISON. */
int is_poisoned(const void* memory, uint64_t size_bytes);

/* Bytes that nothing makes smaller: the same for the same seed. */
void fill_noise(void* memory, uint64_t size_bytes, uint64_t seed);

/* Whether a process that reads the address dies of SIGSEGV. */
int read_faults(uint64_t address);

#endif
