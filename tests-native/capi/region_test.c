#include "windlass/region.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixture.h"

#define SIZE (5 * MIB + 12345)
#define MAPPED (6 * MIB)

static void check_round_trip(wl_backup_kind backup, int times) {
  wl_page_pool pool = 0;
  if (backup == WL_BACKUP_POOLED) CHECK_OK(wl_page_pool_open(NULL, &pool, NULL));
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, backup, pool);
  const uint64_t address = region_info(region).address;
  void* const memory = (void*)(uintptr_t)address;
  CHECK_EQ(first_difference(memory, 0, 0), 0);
  fill_pattern(memory, SIZE, 1);
  for (int i = 0; i < times; ++i) {
    wl_pause_report paused;
    wl_resume_report resumed;
    wl_pause_report_init(&paused, sizeof paused);
    wl_resume_report_init(&resumed, sizeof resumed);
    CHECK_OK(wl_region_pause(region, &paused, NULL));
    CHECK_EQ(paused.saved_bytes, SIZE);
    CHECK_EQ(paused.freed_bytes, MAPPED);
    CHECK_EQ(paused.generation, i + 2);
    CHECK(paused.total_ns >= paused.copy_ns);
    CHECK_EQ(region_info(region).state, WL_REGION_PAUSED);
    CHECK_EQ(region_info(region).mapped_bytes, 0);
    CHECK_EQ(region_info(region).address, address);
    CHECK(region_info(region).backup_bytes >= SIZE);
    CHECK_OK(wl_region_resume(region, &resumed, NULL));
    CHECK_EQ(resumed.restored_bytes, SIZE);
    CHECK_EQ(resumed.taken_bytes, MAPPED);
    CHECK_EQ(resumed.generation, i + 2);
    CHECK_EQ(region_info(region).state, WL_REGION_ACTIVE);
    CHECK_EQ(region_info(region).address, address);
    CHECK_EQ(region_info(region).backup_bytes, 0);
    CHECK_EQ(first_difference(memory, SIZE, 1), SIZE);
  }
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  if (pool != 0) CHECK_OK(wl_page_pool_close(pool, NULL));
}

TEST(region, bytesSurvivePauseAndResumeAtTheSameAddress) { check_round_trip(WL_BACKUP_PAGEABLE, 3); }

TEST(region, bytesSurviveInPagesOfAPool) { check_round_trip(WL_BACKUP_POOLED, 3); }

TEST(region, aFreshRegionIsActiveDefinedAndZeroed) {
  const wl_device device = open_device();
  wl_region region = 0;
  CHECK_OK(wl_region_open(device, SIZE, NULL, &region, NULL));
  const wl_region_info info = region_info(region);
  CHECK_EQ(info.state, WL_REGION_ACTIVE);
  CHECK_EQ(info.backup, WL_BACKUP_PAGEABLE);
  CHECK_EQ(info.content_defined, 1);
  CHECK_EQ(info.size_bytes, SIZE);
  CHECK_EQ(info.mapped_bytes, MAPPED);
  CHECK_EQ(info.backup_bytes, 0);
  CHECK_EQ(info.generation, 1);
  CHECK_EQ(info.address % GRANULE, 0);
  const uint8_t* const bytes = (const uint8_t*)(uintptr_t)info.address;
  uint64_t not_zero = 0;
  for (uint64_t i = 0; i < SIZE; ++i) not_zero += bytes[i] != 0;
  CHECK_EQ(not_zero, 0);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, theAddressesOfAPausedRegionFault) {
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  const uint64_t address = region_info(region).address;
  CHECK(!read_faults(address));
  CHECK(!read_faults(address + SIZE - 1));
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK(read_faults(address));
  CHECK(read_faults(address + SIZE / 2));
  CHECK(read_faults(address + SIZE - 1));
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK(!read_faults(address));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, aPauseGivesTheDevicesMemoryBack) {
  wl_device_info info;
  const wl_device device = open_device();
  const wl_region first = open_region(device, DEVICE_BYTES, WL_BACKUP_PAGEABLE, 0);
  wl_region second = 77;
  wl_error error;
  wl_device_info_init(&info, sizeof info);
  CHECK_OK(wl_device_get_info(device, &info, NULL));
  CHECK_EQ(info.used_bytes, DEVICE_BYTES);
  CHECK_EQ(info.free_bytes, 0);
  CHECK_STATUS(wl_region_open(device, GRANULE, NULL, &second, &error), WL_STATUS_NO_MEMORY);
  CHECK_CONTAINS(error.message, "2 MiB");
  CHECK_CONTAINS(error.message, "64 MiB");
  CHECK_EQ(second, 77);
  CHECK_OK(wl_region_pause(first, NULL, NULL));
  second = open_region(device, GRANULE, WL_BACKUP_NONE, 0);
  CHECK_STATUS(wl_region_resume(first, NULL, &error), WL_STATUS_NO_MEMORY);
  CHECK_CONTAINS(error.message, "stays paused");
  CHECK_EQ(region_info(first).state, WL_REGION_PAUSED);
  CHECK_EQ(region_info(first).mapped_bytes, 0);
  CHECK_OK(wl_region_close(second, NULL));
  CHECK_OK(wl_region_resume(first, NULL, NULL));
  CHECK_OK(wl_region_close(first, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, withoutBackupTheContentIsUndefinedUntilItIsWrittenOrAcknowledged) {
  uint8_t* const bytes = calloc(1, SIZE);
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_NONE, 0);
  wl_pause_report report;
  wl_pause_report_init(&report, sizeof report);
  CHECK_EQ(region_info(region).content_defined, 1);
  CHECK_OK(wl_region_pause(region, &report, NULL));
  CHECK_EQ(report.saved_bytes, 0);
  CHECK_EQ(report.freed_bytes, MAPPED);
  CHECK_EQ(region_info(region).backup_bytes, 0);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_EQ(region_info(region).content_defined, 0);
  CHECK_OK(wl_region_acknowledge(region, NULL));
  CHECK_EQ(region_info(region).content_defined, 1);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_OK(wl_region_write(region, SIZE / 2, bytes, SIZE - SIZE / 2, NULL));
  CHECK_EQ(region_info(region).content_defined, 0);
  CHECK_OK(wl_region_write(region, 0, bytes, SIZE / 2, NULL));
  CHECK_OK(wl_region_write(region, SIZE / 2, bytes, SIZE - SIZE / 2, NULL));
  CHECK_EQ(region_info(region).content_defined, 1);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  free(bytes);
}

TEST(region, bytesAreReadAndWrittenAtAnyOffset) {
  uint8_t written[1000];
  uint8_t read[1000];
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  const uint64_t offsets[] = {0, 1, GRANULE - 500, 2 * GRANULE - 1, SIZE - sizeof written};
  for (int i = 0; i < 5; ++i) {
    fill_pattern(written, sizeof written, (uint64_t)i);
    memset(read, 0, sizeof read);
    CHECK_OK(wl_region_write(region, offsets[i], written, sizeof written, NULL));
    CHECK_OK(wl_region_read(region, offsets[i], read, sizeof read, NULL));
    CHECK_EQ(first_difference(read, sizeof read, (uint64_t)i), sizeof read);
  }
  CHECK_OK(wl_region_read(region, SIZE, read, 0, NULL));
  CHECK_OK(wl_region_write(region, 0, NULL, 0, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, copiesBeyondItsEndAreRefusedWithTheirSizes) {
  uint8_t bytes[16];
  wl_error error;
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  const uint64_t ranges[][2] = {{SIZE, 1}, {SIZE - 15, 16}, {UINT64_MAX, 1}, {8, UINT64_MAX}, {SIZE + 1, 0}};
  memset(bytes, POISON, sizeof bytes);
  for (int i = 0; i < 5; ++i) {
    const uint64_t offset = ranges[i][0];
    const uint64_t size = ranges[i][1];
    CHECK_STATUS(wl_region_read(region, offset, bytes, size, &error), WL_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(error.message, "region of 5");
    CHECK_STATUS(wl_region_write(region, offset, bytes, size, &error), WL_STATUS_INVALID_ARGUMENT);
  }
  CHECK(is_poisoned(bytes, sizeof bytes));
  CHECK_STATUS(wl_region_read(region, 0, NULL, 1, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "null pointer");
  CHECK_STATUS(wl_region_write(region, 0, NULL, 1, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, whatItsStateForbidsIsAStateError) {
  uint8_t byte = POISON;
  wl_error error;
  wl_pause_report paused;
  wl_resume_report resumed;
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  wl_pause_report_init(&paused, sizeof paused);
  wl_resume_report_init(&resumed, sizeof resumed);
  CHECK_STATUS(wl_region_resume(region, &resumed, &error), WL_STATUS_STATE);
  CHECK_CONTAINS(error.message, "is active");
  CHECK_EQ(resumed.generation, 0);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_STATUS(wl_region_pause(region, &paused, &error), WL_STATUS_STATE);
  CHECK_CONTAINS(error.message, "is paused");
  CHECK_EQ(paused.generation, 0);
  CHECK_STATUS(wl_region_read(region, 0, &byte, 1, &error), WL_STATUS_STATE);
  CHECK_STATUS(wl_region_write(region, 0, &byte, 1, NULL), WL_STATUS_STATE);
  CHECK_STATUS(wl_region_acknowledge(region, NULL), WL_STATUS_STATE);
  CHECK_EQ(byte, POISON);
  CHECK_EQ(region_info(region).generation, 2);
  CHECK_OK(wl_region_close(region, NULL)); /* from PAUSED */
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, sizesThatCannotBeAreRefused) {
  wl_region region = 77;
  wl_error error;
  const wl_device device = open_device();
  CHECK_STATUS(wl_region_open(device, 0, NULL, &region, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "region: a size of 0 bytes");
  CHECK_STATUS(wl_region_open(device, UINT64_MAX, NULL, &region, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_open(device, (uint64_t)1 << 63, NULL, &region, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_open(device, (uint64_t)1 << 62, NULL, &region, &error), WL_STATUS_NO_MEMORY);
  CHECK_STATUS(wl_region_open(device, DEVICE_BYTES + 1, NULL, &region, &error), WL_STATUS_NO_MEMORY);
  CHECK_CONTAINS(error.message, "64 MiB");
  CHECK_EQ(region, 77);
  CHECK_OK(wl_device_close(device, NULL));
  wl_device whole = 0;
  CHECK_OK(wl_device_open(NULL, &whole, NULL));
  CHECK_STATUS(wl_region_open(whole, (uint64_t)1 << 42, NULL, &region, &error), WL_STATUS_NO_MEMORY);
  CHECK_CONTAINS(error.message, "4 TiB");
  CHECK_EQ(region, 77);
  CHECK_OK(wl_device_close(whole, NULL));
}

static void check_options_refused(wl_device device, const wl_region_options* options, wl_status expected,
                                  const char* part) {
  wl_region region = 77;
  wl_error error;
  memset(&error, POISON, sizeof error);
  if (CHECK_STATUS(wl_region_open(device, SIZE, options, &region, &error), expected)) {
    CHECK_CONTAINS(error.message, part);
  }
  CHECK_EQ(region, 77);
}

TEST(region, wrongOptionsAreRefused) {
  const wl_device device = open_device();
  wl_region_options defaults;
  wl_region_options options;
  wl_region_options_init(&defaults, sizeof defaults);
  CHECK_EQ(defaults.backup, WL_BACKUP_PAGEABLE);
  options = defaults;
  options.struct_size = 0;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "region options: struct_size is 0");
  options.struct_size = sizeof options - 1;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "region options");
  options = defaults;
  options.backup = 5;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "no backup has number 5");
  options.backup = -1;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "no backup has number -1");
  options = defaults;
  options.retain = 2;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "retain");
  options = defaults;
  options.verify = -1;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "verify");
  options = defaults;
  options.reserve = 2;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "reserve");
  options = defaults;
  options.compression = 7;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "no compression has number 7");
  options = defaults;
  options.directory = 5;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "directory");
  options = defaults;
  options.pageable_budget_bytes = 1;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "budget");
  options = defaults;
  options.backup = WL_BACKUP_TIERED;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "no tier");
  options = defaults;
  options.backup = WL_BACKUP_NONE;
  options.compression = WL_COMPRESSION_AUTO;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "need a backup");
  options = defaults;
  options.pool = 5;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "pool");
  options.backup = WL_BACKUP_POOLED;
  check_options_refused(device, &options, WL_STATUS_STALE_HANDLE, "region options: pool");
  options.pool = 0;
  check_options_refused(device, &options, WL_STATUS_STALE_HANDLE, "pool");
  options.pool = device;
  check_options_refused(device, &options, WL_STATUS_WRONG_KIND, "where a page pool is wanted");
  options = defaults;
  options.chunk_bytes = UINT64_MAX;
  check_options_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "chunks");
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, aBackupThatRetainsKeepsItsMemory) {
  wl_region_options options;
  wl_region region = 0;
  const wl_device device = open_device();
  wl_region_options_init(&options, sizeof options);
  options.retain = 1;
  CHECK_OK(wl_region_open(device, SIZE, &options, &region, NULL));
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_EQ(region_info(region).backup_bytes, MAPPED);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region, nullPointersAndStructsOfAWrongSizeAreRefusedAndNothingHappens) {
  wl_error error;
  wl_region_info info;
  wl_pause_report paused;
  wl_resume_report resumed;
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  CHECK_STATUS(wl_region_open(device, SIZE, NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "region is NULL");
  CHECK_STATUS(wl_region_get_info(region, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  wl_region_info_init(&info, sizeof info);
  info.struct_size = 4;
  CHECK_STATUS(wl_region_get_info(region, &info, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "region info");
  wl_pause_report_init(&paused, sizeof paused);
  paused.struct_size = 0;
  CHECK_STATUS(wl_region_pause(region, &paused, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "pause report");
  CHECK_EQ(region_info(region).state, WL_REGION_ACTIVE);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  wl_resume_report_init(&resumed, sizeof resumed);
  resumed.struct_size = sizeof resumed - 1;
  CHECK_STATUS(wl_region_resume(region, &resumed, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "resume report");
  CHECK_EQ(region_info(region).state, WL_REGION_PAUSED);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

/* Calls every function that takes a region with a handle that is none. */
static void check_all_refuse(wl_region region, wl_status expected) {
  uint8_t byte = POISON;
  wl_region_info info;
  wl_region_info_init(&info, sizeof info);
  CHECK_STATUS(wl_region_pause(region, NULL, NULL), expected);
  CHECK_STATUS(wl_region_resume(region, NULL, NULL), expected);
  CHECK_STATUS(wl_region_get_info(region, &info, NULL), expected);
  CHECK_STATUS(wl_region_read(region, 0, &byte, 1, NULL), expected);
  CHECK_STATUS(wl_region_write(region, 0, &byte, 1, NULL), expected);
  CHECK_STATUS(wl_region_acknowledge(region, NULL), expected);
  CHECK_STATUS(wl_region_close(region, NULL), expected);
  CHECK_EQ(info.size_bytes, 0);
  CHECK_EQ(byte, POISON);
}

TEST(region, closedForgedAndOtherHandlesAreRefused) {
  wl_region opened = 77;
  wl_error error;
  const wl_device device = open_device();
  const wl_region region = open_region(device, GRANULE, WL_BACKUP_NONE, 0);
  check_all_refuse(device, WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_region_open(region, GRANULE, NULL, &opened, &error), WL_STATUS_WRONG_KIND);
  CHECK_CONTAINS(error.message, "names a region, where a device is wanted");
  CHECK_OK(wl_region_close(region, NULL));
  check_all_refuse(region, WL_STATUS_STALE_HANDLE);
  check_all_refuse(0, WL_STATUS_STALE_HANDLE);
  check_all_refuse(UINT64_MAX, WL_STATUS_STALE_HANDLE);
  check_all_refuse(forged_handle(WL_KIND_REGION), WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_STATUS(wl_region_open(device, GRANULE, NULL, &opened, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_EQ(opened, 77);
}
