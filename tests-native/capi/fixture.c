#define _POSIX_C_SOURCE 200809L

#include "fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

wl_device forged_handle(wl_kind kind) { return (uint64_t)kind << 56 | (uint64_t)0x123456 << 32 | 0xfffffff0U; }

wl_device open_device(void) {
  wl_device_options options;
  wl_device device = 0;
  wl_device_options_init(&options, sizeof options);
  options.memory_bytes = DEVICE_BYTES;
  options.worker_threads = 1;
  CHECK_OK(wl_device_open(&options, &device, NULL));
  CHECK(device != 0);
  return device;
}

wl_region open_region(wl_device device, uint64_t size_bytes, wl_backup_kind backup, wl_page_pool pool) {
  wl_region_options options;
  wl_region_options_init(&options, sizeof options);
  options.backup = backup;
  options.pool = pool;
  options.verify = backup != WL_BACKUP_NONE;
  options.chunk_bytes = GRANULE;
  return open_region_with(device, size_bytes, &options);
}

wl_region open_region_with(wl_device device, uint64_t size_bytes, const wl_region_options* options) {
  wl_region region = 0;
  wl_error error;
  if (!CHECK_OK(wl_region_open(device, size_bytes, options, &region, &error))) {
    check_failed(__FILE__, __LINE__, "%s", error.message);
  }
  return region;
}

wl_region_info region_info(wl_region region) {
  wl_region_info info;
  wl_region_info_init(&info, sizeof info);
  CHECK_OK(wl_region_get_info(region, &info, NULL));
  return info;
}

wl_page_pool_info pool_info(wl_page_pool pool) {
  wl_page_pool_info info;
  wl_page_pool_info_init(&info, sizeof info);
  CHECK_OK(wl_page_pool_get_info(pool, &info, NULL));
  return info;
}

uint64_t live(wl_kind kind) {
  uint64_t count = 0;
  CHECK_OK(wl_live_count(kind, &count, NULL));
  return count;
}

uint8_t pattern_at(uint64_t seed, uint64_t index) {
  const uint64_t mixed = (index + seed) * 0x9e3779b97f4a7c15ULL;
  return (uint8_t)(mixed >> 56);
}

void fill_pattern(void* memory, uint64_t size_bytes, uint64_t seed) {
  uint8_t* const bytes = memory;
  for (uint64_t i = 0; i < size_bytes; ++i) bytes[i] = pattern_at(seed, i);
}

uint64_t first_difference(const void* memory, uint64_t size_bytes, uint64_t seed) {
  const uint8_t* const bytes = memory;
  for (uint64_t i = 0; i < size_bytes; ++i) {
    if (bytes[i] != pattern_at(seed, i)) return i;
  }
  return size_bytes;
}

void fill_noise(void* memory, uint64_t size_bytes, uint64_t seed) {
  uint8_t* const bytes = memory;
  uint64_t state = seed * 2 + 1;
  for (uint64_t i = 0; i < size_bytes; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    bytes[i] = (uint8_t)((state * 0x2545f4914f6cdd1dULL) >> 56);
  }
}

int is_poisoned(const void* memory, uint64_t size_bytes) {
  const uint8_t* const bytes = memory;
  for (uint64_t i = 0; i < size_bytes; ++i) {
    if (bytes[i] != POISON) return 0;
  }
  return 1;
}

int read_faults(uint64_t address) {
  const pid_t child = fork();
  if (child == 0) {
    /* No core file, and no sanitizer's handler, which would end the child otherwise. */
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL);
    const volatile uint8_t* const byte = (const volatile uint8_t*)(uintptr_t)address;
    (void)*byte;
    _exit(0);
  }
  int ended = 0;
  CHECK(child > 0);
  CHECK(waitpid(child, &ended, 0) == child);
  return WIFSIGNALED(ended) && WTERMSIG(ended) == SIGSEGV;
}
