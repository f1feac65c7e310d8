#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "places.h"
#include "windlass/backup.h"

#define SIZE (9 * MIB + 12345)
#define MAPPED (10 * MIB)

/* What no compression below makes larger than this, of data that suits it. */
#define SMALL (SIZE * 9 / 10)

static void* memory_of(wl_region region) { return (void*)(uintptr_t)region_info(region).address; }

/* Words that come again. */
static void fill_text(uint8_t* bytes, uint64_t size_bytes) {
  static const char words[] = "the bytes of a paused region go to its backup, and come back from there; ";
  for (uint64_t i = 0; i < size_bytes; ++i) bytes[i] = (uint8_t)words[i % (sizeof words - 1)];
}

/* Numbers of one magnitude, little-endian: the last byte of each, with most of the exponent, takes few values. */
static void fill_numbers(uint8_t* bytes, uint64_t size_bytes, uint64_t width) {
  fill_noise(bytes, size_bytes, 3);
  for (uint64_t i = width - 1; i < size_bytes; i += width) bytes[i] = (uint8_t)(0x3c + (bytes[i] & 0x81));
}

static void fill_for(wl_compression compression, uint8_t* bytes) {
  switch (compression) {
    case WL_COMPRESSION_BF16:
    case WL_COMPRESSION_FP16:
      fill_numbers(bytes, SIZE, 2);
      break;
    case WL_COMPRESSION_FP32:
      fill_numbers(bytes, SIZE, 4);
      break;
    default:
      fill_text(bytes, SIZE);
  }
}

/* Pauses and resumes with these bytes, which must come back, also when read from the backup. Gives its room. */
static uint64_t cycle(wl_region region, const uint8_t* image) {
  uint8_t* const copy = malloc(SIZE);
  wl_pause_report paused;
  wl_resume_report resumed;
  wl_pause_report_init(&paused, sizeof paused);
  wl_resume_report_init(&resumed, sizeof resumed);
  memcpy(memory_of(region), image, SIZE);
  CHECK_OK(wl_region_pause(region, &paused, NULL));
  CHECK_EQ(paused.saved_bytes, SIZE);
  CHECK_EQ(paused.freed_bytes, MAPPED);
  const wl_region_info info = region_info(region);
  CHECK_EQ(info.image_bytes, SIZE);
  CHECK_OK(wl_region_read_backup(region, 0, copy, SIZE, NULL));
  CHECK(memcmp(copy, image, SIZE) == 0);
  memset(copy, POISON, 1000);
  CHECK_OK(wl_region_read_backup(region, 5 * MIB + 1, copy, 1000, NULL));
  CHECK(memcmp(copy, image + 5 * MIB + 1, 1000) == 0);
  CHECK_OK(wl_region_resume(region, &resumed, NULL));
  CHECK_EQ(resumed.restored_bytes, SIZE);
  CHECK(memcmp(memory_of(region), image, SIZE) == 0);
  CHECK_EQ(region_info(region).backup_bytes + region_info(region).stored_bytes, 0);
  free(copy);
  return info.backup_bytes + info.stored_bytes;
}

/* Each compression over this backup, with bytes that suit it, and with bytes that nothing makes smaller. */
static void check_plan(const backup_plan* plan) {
  uint8_t* const image = malloc(SIZE);
  const places open = open_places(plan);
  const wl_device device = open_device();
  for (wl_compression compression = WL_COMPRESSION_AUTO; compression <= WL_COMPRESSION_FP32; ++compression) {
    wl_region_options options = options_for(plan, &open);
    options.compression = compression;
    const wl_region region = open_region_with(device, SIZE, &options);
    fill_for(compression, image);
    const uint64_t small_bytes = cycle(region, image);
    fill_noise(image, SIZE, 11);
    const uint64_t large_bytes = cycle(region, image);
    if (small_bytes == 0 || small_bytes > SMALL) {
      check_failed(__FILE__, __LINE__, "%s, compression %d: %llu bytes shrank only to %llu", plan->name, compression,
                   (unsigned long long)SIZE, (unsigned long long)small_bytes);
    }
    CHECK(large_bytes >= SIZE);
    CHECK(large_bytes <= SIZE + 4 * MIB);
    CHECK_OK(wl_region_close(region, NULL));
  }
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
  free(image);
}

TEST(backup, everyCompressionGivesPageableBytesBack) { check_plan(&plans[0]); }

TEST(backup, everyCompressionGivesPooledBytesBack) { check_plan(&plans[1]); }

TEST(backup, everyCompressionGivesBytesInFilesBack) { check_plan(&plans[2]); }

TEST(backup, everyCompressionGivesTieredBytesBack) { check_plan(plan_over_all); }

TEST(backup, compressedBytesAreNotSeenButReadAndRetained) {
  for (int i = 0; i < PLAN_COUNT; ++i) {
    uint8_t* const image = malloc(SIZE);
    const places open = open_places(&plans[i]);
    const wl_device device = open_device();
    wl_region_options options = options_for(&plans[i], &open);
    options.compression = WL_COMPRESSION_AUTO;
    options.reserve = 1;
    const wl_region region = open_region_with(device, SIZE, &options);
    const wl_region_info fresh = region_info(region);
    CHECK(fresh.backup_bytes + fresh.stored_bytes >= SIZE);
    fill_text(image, SIZE);
    memcpy(memory_of(region), image, SIZE);
    for (int times = 0; times < 2; ++times) {
      uint8_t bytes[500];
      const void* piece = NULL;
      uint64_t piece_bytes = 0;
      CHECK_OK(wl_region_pause(region, NULL, NULL));
      CHECK_STATUS(wl_region_view_backup(region, 0, &piece, &piece_bytes, NULL), WL_STATUS_UNSUPPORTED);
      CHECK_OK(wl_region_resume(region, NULL, NULL));
      CHECK(memcmp(memory_of(region), image, SIZE) == 0);
      CHECK_EQ(region_info(region).image_bytes, SIZE);
      CHECK_OK(wl_region_read_backup(region, 3 * MIB - 250, bytes, sizeof bytes, NULL));
      CHECK(memcmp(bytes, image + 3 * MIB - 250, sizeof bytes) == 0);
      CHECK_EQ(region_info(region).stored_bytes, fresh.stored_bytes);
      if (open.directory == 0) CHECK_EQ(region_info(region).backup_bytes, fresh.backup_bytes);
    }
    CHECK_OK(wl_region_close(region, NULL));
    CHECK_OK(wl_device_close(device, NULL));
    close_places(&open);
    free(image);
  }
}
