#include "windlass/backup.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "places.h"

#define SIZE (9 * MIB + 12345)
#define MAPPED (10 * MIB)

static void* memory_of(wl_region region) { return (void*)(uintptr_t)region_info(region).address; }

/* Two cycles with bytes that must come back, and what the backup has meanwhile. */
static void check_plan(const backup_plan* plan) {
  const places open = open_places(plan);
  const wl_device device = open_device();
  wl_region_options options = options_for(plan, &open);
  options.verify = 1;
  const wl_region region = open_region_with(device, SIZE, &options);
  CHECK_EQ(region_info(region).backup, plan->kind);
  CHECK_EQ(region_info(region).backup_bytes + region_info(region).stored_bytes, 0);
  for (uint64_t seed = 0; seed < 2; ++seed) {
    wl_pause_report paused;
    wl_resume_report resumed;
    wl_pause_report_init(&paused, sizeof paused);
    wl_resume_report_init(&resumed, sizeof resumed);
    fill_pattern(memory_of(region), SIZE, seed);
    CHECK_OK(wl_region_pause(region, &paused, NULL));
    CHECK_EQ(paused.saved_bytes, SIZE);
    CHECK_EQ(paused.freed_bytes, MAPPED);
    CHECK_EQ(region_info(region).image_bytes, SIZE);
    CHECK(region_info(region).backup_bytes + region_info(region).stored_bytes >= SIZE);
    if (open.pool != 0) CHECK(pool_info(open.pool).lent_bytes > 0);
    if (open.directory != 0) CHECK_EQ(count_names(open.path, ".backup"), 1);
    CHECK_OK(wl_region_resume(region, &resumed, NULL));
    CHECK_EQ(resumed.restored_bytes, SIZE);
    CHECK_EQ(first_difference(memory_of(region), SIZE, seed), SIZE);
    CHECK_EQ(region_info(region).backup_bytes + region_info(region).stored_bytes, 0);
    CHECK_EQ(region_info(region).image_bytes, 0);
  }
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
}

TEST(backup, bytesSurviveInPlacesOfEveryKind) {
  for (int i = 0; i < PLAN_COUNT; ++i) check_plan(&plans[i]);
}

TEST(backup, theTieredOneFillsItsTiersInTheirOrder) {
  const places open = open_places(plan_over_all);
  const wl_device device = open_device();
  const wl_region_options options = options_for(plan_over_all, &open);
  const wl_region region = open_region_with(device, SIZE, &options);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_EQ(pool_info(open.pool).lent_bytes, 4 * MIB);
  CHECK_EQ(region_info(region).backup_bytes, 6 * MIB);
  CHECK(region_info(region).stored_bytes >= SIZE - 6 * MIB);
  CHECK(region_info(region).stored_bytes <= MAPPED - 6 * MIB);
  /* The pool is full now, so that another region's bytes go to the next tiers. */
  const wl_region second = open_region_with(device, SIZE, &options);
  CHECK_OK(wl_region_pause(second, NULL, NULL));
  CHECK_EQ(region_info(second).backup_bytes, 2 * MIB);
  CHECK(region_info(second).stored_bytes >= SIZE - 2 * MIB);
  CHECK_OK(wl_region_resume(second, NULL, NULL));
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_OK(wl_region_close(second, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
}

static void check_too_small(const backup_plan* small) {
  const places open = open_places(small);
  const wl_device device = open_device();
  wl_error error;
  const wl_region_options options = options_for(small, &open);
  const wl_region region = open_region_with(device, SIZE, &options);
  fill_pattern(memory_of(region), SIZE, 4);
  CHECK_STATUS(wl_region_pause(region, NULL, &error), WL_STATUS_NO_SPACE);
  CHECK_CONTAINS(error.message, "stays active");
  CHECK_EQ(region_info(region).state, WL_REGION_ACTIVE);
  CHECK_EQ(region_info(region).generation, 1);
  CHECK_EQ(region_info(region).backup_bytes, 0);
  CHECK_EQ(first_difference(memory_of(region), SIZE, 4), SIZE);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
}

TEST(backup, theTieredOneWithoutRoomForAllLeavesTheRegionActive) {
  const backup_plan small[] = {{"a pool", WL_BACKUP_TIERED, 4 * MIB, 0, 0},
                               {"a budget", WL_BACKUP_TIERED, 0, 8 * MIB, 0},
                               {"a pool and a budget", WL_BACKUP_TIERED, 4 * MIB, 4 * MIB, 0}};
  for (int i = 0; i < 3; ++i) check_too_small(&small[i]);
}

/* Reads the backup here and there, and compares it with the pattern. */
static void check_read_backup(wl_region region, uint64_t seed) {
  static uint8_t bytes[3000];
  const uint64_t offsets[] = {0, 1, GRANULE - 1500, 4 * MIB - 1, 6 * MIB - 2999, SIZE - sizeof bytes};
  for (int i = 0; i < 6; ++i) {
    memset(bytes, POISON, sizeof bytes);
    CHECK_OK(wl_region_read_backup(region, offsets[i], bytes, sizeof bytes, NULL));
    CHECK_EQ(first_difference(bytes, sizeof bytes, seed + offsets[i]), sizeof bytes);
  }
  CHECK_OK(wl_region_read_backup(region, SIZE, bytes, 0, NULL));
  CHECK_STATUS(wl_region_read_backup(region, SIZE, bytes, 1, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_read_backup(region, UINT64_MAX, bytes, 2, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_read_backup(region, 0, NULL, 1, NULL), WL_STATUS_INVALID_ARGUMENT);
}

/* Walks through what of the backup can be seen in memory, from the start on, and returns how much that is. */
static uint64_t check_view_backup(wl_region region, uint64_t seed) {
  uint64_t seen = 0;
  while (seen < SIZE) {
    const void* piece = &seen;
    uint64_t bytes = 77;
    wl_error error;
    const wl_status status = wl_region_view_backup(region, seen, &piece, &bytes, &error);
    if (status != WL_STATUS_OK) {
      CHECK_EQ(status, WL_STATUS_UNSUPPORTED);
      CHECK_CONTAINS(error.message, "copy it out");
      CHECK(piece == &seen && bytes == 77);
      return seen;
    }
    if (!CHECK(bytes > 0 && bytes <= SIZE - seen)) return seen;
    CHECK_EQ(first_difference(piece, bytes, seed + seen), bytes);
    seen += bytes;
  }
  return seen;
}

static void check_there_is_no_image(wl_region region, wl_status expected) {
  uint8_t byte = POISON;
  const void* piece = &byte;
  uint64_t bytes = 77;
  CHECK_STATUS(wl_region_read_backup(region, 0, &byte, 1, NULL), expected);
  CHECK_STATUS(wl_region_view_backup(region, 0, &piece, &bytes, NULL), expected);
  CHECK(byte == POISON && piece == &byte && bytes == 77);
}

static uint64_t in_memory(const backup_plan* plan) {
  if (plan == plan_over_all) return 6 * MIB;
  return plan->files != 0 ? 0 : SIZE;
}

TEST(backup, theImageIsReadAndSeenWhilePausedAndNotAfter) {
  for (int i = 0; i < PLAN_COUNT; ++i) {
    const places open = open_places(&plans[i]);
    const wl_device device = open_device();
    const wl_region_options options = options_for(&plans[i], &open);
    const wl_region region = open_region_with(device, SIZE, &options);
    fill_pattern(memory_of(region), SIZE, 7);
    check_there_is_no_image(region, WL_STATUS_STATE);
    CHECK_OK(wl_region_pause(region, NULL, NULL));
    check_read_backup(region, 7);
    CHECK_EQ(check_view_backup(region, 7), in_memory(&plans[i]));
    CHECK_OK(wl_region_resume(region, NULL, NULL));
    CHECK_EQ(first_difference(memory_of(region), SIZE, 7), SIZE);
    check_there_is_no_image(region, WL_STATUS_STATE);
    CHECK_OK(wl_region_close(region, NULL));
    CHECK_OK(wl_device_close(device, NULL));
    close_places(&open);
  }
}

TEST(backup, withoutOneThereIsNoImage) {
  uint64_t bytes = 0;
  const void* piece = NULL;
  const wl_device device = open_device();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_NONE, 0);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  check_there_is_no_image(region, WL_STATUS_UNSUPPORTED);
  CHECK_STATUS(wl_region_view_backup(region, 0, NULL, &bytes, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_view_backup(region, 0, &piece, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_region_close(region, NULL));
  check_there_is_no_image(region, WL_STATUS_STALE_HANDLE);
  check_there_is_no_image(device, WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_device_close(device, NULL));
}

static const void* view_start(wl_region region) {
  const void* piece = NULL;
  uint64_t bytes = 0;
  CHECK_OK(wl_region_view_backup(region, 0, &piece, &bytes, NULL));
  return piece;
}

TEST(backup, oneThatRetainsKeepsItsImageAndItsMemory) {
  for (int i = 0; i < PLAN_COUNT; ++i) {
    const places open = open_places(&plans[i]);
    const wl_device device = open_device();
    wl_region_options options = options_for(&plans[i], &open);
    options.retain = 1;
    const wl_region region = open_region_with(device, SIZE, &options);
    const void* start = NULL;
    uint64_t held_bytes = 0;
    for (uint64_t seed = 0; seed < 3; ++seed) {
      fill_pattern(memory_of(region), SIZE, seed);
      CHECK_OK(wl_region_pause(region, NULL, NULL));
      if (seed == 0) held_bytes = region_info(region).backup_bytes + region_info(region).stored_bytes;
      if (seed == 0 && in_memory(&plans[i]) > 0) start = view_start(region);
      CHECK_OK(wl_region_resume(region, NULL, NULL));
      memset(memory_of(region), 0, SIZE);
      CHECK_EQ(region_info(region).backup_bytes + region_info(region).stored_bytes, held_bytes);
      CHECK_EQ(region_info(region).image_bytes, SIZE);
      if (start != NULL) CHECK(view_start(region) == start);
      check_read_backup(region, seed);
      CHECK_EQ(check_view_backup(region, seed), in_memory(&plans[i]));
    }
    CHECK_OK(wl_region_close(region, NULL));
    CHECK_OK(wl_device_close(device, NULL));
    close_places(&open);
  }
}

TEST(backup, oneThatReservesHasItsRoomFromTheStartAndRetains) {
  for (int i = 0; i < PLAN_COUNT; ++i) {
    const places open = open_places(&plans[i]);
    const wl_device device = open_device();
    wl_region_options options = options_for(&plans[i], &open);
    options.reserve = 1;
    const wl_region region = open_region_with(device, SIZE, &options);
    const wl_region_info fresh = region_info(region);
    CHECK(fresh.backup_bytes + fresh.stored_bytes >= SIZE);
    if (in_memory(&plans[i]) > 0) CHECK(fresh.backup_bytes >= in_memory(&plans[i]));
    if (open.directory != 0) CHECK(fresh.stored_bytes > 0);
    check_there_is_no_image(region, WL_STATUS_STATE);
    fill_pattern(memory_of(region), SIZE, 8);
    CHECK_OK(wl_region_pause(region, NULL, NULL));
    CHECK_OK(wl_region_resume(region, NULL, NULL));
    /* Without what the directory lent for the work. */
    CHECK(region_info(region).backup_bytes <= fresh.backup_bytes);
    if (open.directory == 0) CHECK_EQ(region_info(region).backup_bytes, fresh.backup_bytes);
    CHECK_EQ(region_info(region).stored_bytes, fresh.stored_bytes);
    check_read_backup(region, 8);
    CHECK_OK(wl_region_close(region, NULL));
    CHECK_OK(wl_device_close(device, NULL));
    close_places(&open);
  }
}

TEST(backup, aReservationThatCannotBeHadOpensNoRegion) {
  const backup_plan small = {"a pool that is too small", WL_BACKUP_POOLED, 4 * MIB, 0, 0};
  const places open = open_places(&small);
  const wl_device device = open_device();
  wl_region region = 77;
  wl_error error;
  wl_region_options options = options_for(&small, &open);
  options.reserve = 1;
  CHECK_STATUS(wl_region_open(device, SIZE, &options, &region, &error), WL_STATUS_NO_SPACE);
  CHECK_CONTAINS(error.message, "4 MiB");
  CHECK_EQ(region, 77);
  CHECK_EQ(live(WL_KIND_REGION), 0);
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
}
