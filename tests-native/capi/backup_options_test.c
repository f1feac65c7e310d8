#include <string.h>

#include "check.h"
#include "fixture.h"
#include "places.h"
#include "windlass/backup.h"

static void check_refused(wl_device device, const wl_region_options* options, wl_status expected, const char* part) {
  wl_region region = 77;
  wl_error error;
  memset(&error, POISON, sizeof error);
  if (CHECK_STATUS(wl_region_open(device, GRANULE, options, &region, &error), expected)) {
    CHECK_CONTAINS(error.message, part);
  }
  CHECK_EQ(region, 77);
}

static wl_region_options with_kind(wl_backup_kind kind) {
  wl_region_options options;
  wl_region_options_init(&options, sizeof options);
  options.backup = kind;
  return options;
}

TEST(backup, placesThatAKindDoesNotUseAreRefused) {
  const places open = open_places(plan_over_all);
  const wl_device device = open_device();
  wl_region_options options;
  const wl_backup_kind no_pool[] = {WL_BACKUP_NONE, WL_BACKUP_PAGEABLE, WL_BACKUP_FILE};
  for (int i = 0; i < 3; ++i) {
    options = with_kind(no_pool[i]);
    options.pool = open.pool;
    options.directory = no_pool[i] == WL_BACKUP_FILE ? open.directory : 0;
    check_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "a pool is given");
  }
  const wl_backup_kind no_directory[] = {WL_BACKUP_NONE, WL_BACKUP_PAGEABLE, WL_BACKUP_POOLED};
  for (int i = 0; i < 3; ++i) {
    options = with_kind(no_directory[i]);
    options.directory = open.directory;
    options.pool = no_directory[i] == WL_BACKUP_POOLED ? open.pool : 0;
    check_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "a directory is given");
  }
  for (wl_backup_kind kind = WL_BACKUP_NONE; kind <= WL_BACKUP_FILE; ++kind) {
    options = with_kind(kind);
    options.pool = kind == WL_BACKUP_POOLED ? open.pool : 0;
    options.directory = kind == WL_BACKUP_FILE ? open.directory : 0;
    options.pageable_budget_bytes = GRANULE;
    check_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "a budget is given");
  }
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
}

TEST(backup, withoutOneThereIsNothingToKeepOrCompress) {
  const wl_device device = open_device();
  for (int i = 0; i < 4; ++i) {
    wl_region_options options = with_kind(WL_BACKUP_NONE);
    if (i == 0) options.retain = 1;
    if (i == 1) options.verify = 1;
    if (i == 2) options.reserve = 1;
    if (i == 3) options.compression = WL_COMPRESSION_LZ4;
    check_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "need a backup");
  }
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(backup, placesThatAreClosedOrOfAnotherKindAreRefused) {
  const places open = open_places(plan_over_all);
  const wl_device device = open_device();
  wl_region_options options = with_kind(WL_BACKUP_FILE);
  check_refused(device, &options, WL_STATUS_STALE_HANDLE, "region options: directory");
  options.directory = forged_handle(WL_KIND_BACKUP_DIRECTORY);
  check_refused(device, &options, WL_STATUS_STALE_HANDLE, "region options: directory");
  options.directory = open.pool;
  check_refused(device, &options, WL_STATUS_WRONG_KIND, "where a backup directory is wanted");
  options = with_kind(WL_BACKUP_TIERED);
  check_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "no tier");
  options.pool = open.directory;
  check_refused(device, &options, WL_STATUS_WRONG_KIND, "where a page pool is wanted");
  options.pool = open.pool;
  options.directory = device;
  check_refused(device, &options, WL_STATUS_WRONG_KIND, "where a backup directory is wanted");
  options.directory = 0;
  options.compression = -1;
  check_refused(device, &options, WL_STATUS_INVALID_ARGUMENT, "no compression has number -1");
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
}
