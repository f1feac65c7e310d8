#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "windlass/backup.h"

#define SIZE (256 * MIB)

/* What of this process is in memory, by the kernel's count. */
static uint64_t resident_bytes(void) {
  char line[256];
  unsigned long long kib = 0;
  FILE* const status = fopen("/proc/self/status", "re");
  if (!CHECK(status != NULL)) return 0;
  while (fgets(line, sizeof line, status) != NULL) {
    if (sscanf(line, "VmRSS: %llu kB", &kib) == 1) break;
  }
  fclose(status);
  return (uint64_t)kib * 1024;
}

static int is_about(uint64_t actual, uint64_t expected) {
  const uint64_t slack = expected / 20 + 8 * MIB;
  return actual <= expected + slack && actual + slack >= expected;
}

static void check_resident(const char* when, uint64_t expected) {
  const uint64_t actual = resident_bytes();
  if (!is_about(actual, expected)) {
    check_failed(__FILE__, __LINE__, "%s there are %llu MiB in memory, not about %llu", when,
                 (unsigned long long)(actual / MIB), (unsigned long long)(expected / MIB));
  }
}

/* Goal: neither device memory nor a backup is in memory longer than it is needed. */
TEST(backup, memoryIsReallyGivenBack) {
#ifdef __SANITIZE_THREAD__
  check_skip("ThreadSanitizer keeps memory of its own for each byte that was touched");
#else
  wl_device device = 0;
  wl_region_options options;
  const uint64_t empty_bytes = resident_bytes();
  CHECK_OK(wl_device_open(NULL, &device, NULL));
  wl_region_options_init(&options, sizeof options);
  const wl_region region = open_region_with(device, SIZE, &options);
  memset((void*)(uintptr_t)region_info(region).address, 1, SIZE);
  const uint64_t active_bytes = resident_bytes();
  CHECK(active_bytes >= empty_bytes + SIZE);
  for (int i = 0; i < 2; ++i) {
    CHECK_OK(wl_region_pause(region, NULL, NULL));
    check_resident("while paused", active_bytes);
    CHECK_OK(wl_region_resume(region, NULL, NULL));
    check_resident("after the resume", active_bytes);
  }
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  check_resident("after all was closed", empty_bytes);
#endif
}

TEST(backup, withoutOneAPauseReallyGivesTheMemoryBack) {
  wl_device device = 0;
  wl_region_options options;
  CHECK_OK(wl_device_open(NULL, &device, NULL));
  const uint64_t empty_bytes = resident_bytes();
  wl_region_options_init(&options, sizeof options);
  options.backup = WL_BACKUP_NONE;
  const wl_region region = open_region_with(device, SIZE, &options);
  CHECK(resident_bytes() >= empty_bytes + SIZE);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  check_resident("while paused", empty_bytes);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}
