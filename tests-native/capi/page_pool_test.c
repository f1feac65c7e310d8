#include "windlass/page_pool.h"

#include <string.h>

#include "check.h"
#include "fixture.h"

#define LIMIT (8 * GRANULE)

static wl_page_pool open_pool(void) {
  wl_page_pool_options options;
  wl_page_pool pool = 0;
  wl_page_pool_options_init(&options, sizeof options);
  CHECK_EQ(options.struct_size, sizeof options);
  options.limit_bytes = LIMIT;
  options.worker_threads = 1;
  CHECK_OK(wl_page_pool_open(&options, &pool, NULL));
  return pool;
}

TEST(page_pool, preparingAndTrimmingChangeWhatIsHeld) {
  const wl_page_pool pool = open_pool();
  CHECK_EQ(pool_info(pool).held_bytes, 0);
  CHECK_EQ(pool_info(pool).limit_bytes, LIMIT);
  CHECK_OK(wl_page_pool_prepare(pool, 3 * GRANULE, NULL));
  CHECK_OK(wl_page_pool_prepare(pool, GRANULE, NULL));
  CHECK_EQ(pool_info(pool).held_bytes, 3 * GRANULE);
  CHECK_EQ(pool_info(pool).prepared_bytes, 3 * GRANULE);
  CHECK_OK(wl_page_pool_trim(pool, NULL));
  CHECK_EQ(pool_info(pool).held_bytes, 0);
  CHECK_OK(wl_page_pool_prepare(pool, 0, NULL));
  CHECK_OK(wl_page_pool_close(pool, NULL));
}

TEST(page_pool, theLimitIsKeptAndNamed) {
  wl_error error;
  const wl_page_pool pool = open_pool();
  const uint64_t sizes[] = {LIMIT + 1, (uint64_t)1 << 40, UINT64_MAX, (uint64_t)1 << 63};
  for (int i = 0; i < 4; ++i) {
    CHECK_STATUS(wl_page_pool_prepare(pool, sizes[i], &error), WL_STATUS_NO_SPACE);
    CHECK_CONTAINS(error.message, "its limit is 16 MiB");
  }
  CHECK_EQ(pool_info(pool).held_bytes, 0);
  CHECK_OK(wl_page_pool_prepare(pool, LIMIT, NULL));
  CHECK_OK(wl_page_pool_close(pool, NULL));
}

TEST(page_pool, moreThanTheMachineHasIsRefused) {
  wl_page_pool_options options;
  wl_page_pool pool = 0;
  wl_error error;
  wl_page_pool_options_init(&options, sizeof options);
  options.limit_bytes = (uint64_t)1 << 60;
  CHECK_OK(wl_page_pool_open(&options, &pool, NULL));
  CHECK_STATUS(wl_page_pool_prepare(pool, (uint64_t)1 << 50, &error), WL_STATUS_NO_MEMORY);
  CHECK_CONTAINS(error.message, "1024 TiB asked for");
  CHECK_EQ(pool_info(pool).held_bytes, 0);
  CHECK_OK(wl_page_pool_close(pool, NULL));
}

TEST(page_pool, wrongOptionsAreRefused) {
  wl_page_pool_options options;
  wl_page_pool pool = 77;
  wl_error error;
  wl_page_pool_options_init(&options, sizeof options);
  options.limit_bytes = 1;
  CHECK_STATUS(wl_page_pool_open(&options, &pool, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "page pool");
  wl_page_pool_options_init(&options, sizeof options);
  options.worker_threads = 65;
  CHECK_STATUS(wl_page_pool_open(&options, &pool, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "65");
  wl_page_pool_options_init(&options, sizeof options);
  options.struct_size = 0;
  CHECK_STATUS(wl_page_pool_open(&options, &pool, NULL), WL_STATUS_INVALID_ARGUMENT);
  options.struct_size = sizeof options - 1;
  CHECK_STATUS(wl_page_pool_open(&options, &pool, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_page_pool_open(NULL, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(pool, 77);
}

TEST(page_pool, closedForgedAndOtherHandlesAreRefused) {
  wl_page_pool_info info;
  const wl_device device = open_device();
  const wl_page_pool pool = open_pool();
  wl_page_pool_info_init(&info, sizeof info);
  CHECK_STATUS(wl_page_pool_get_info(pool, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_page_pool_prepare(device, 1, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_page_pool_trim(device, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_page_pool_get_info(device, &info, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_page_pool_close(device, NULL), WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_page_pool_close(pool, NULL));
  const wl_page_pool stale[] = {pool, 0, forged_handle(WL_KIND_PAGE_POOL)};
  for (int i = 0; i < 3; ++i) {
    CHECK_STATUS(wl_page_pool_prepare(stale[i], 1, NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_page_pool_trim(stale[i], NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_page_pool_get_info(stale[i], &info, NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_page_pool_close(stale[i], NULL), WL_STATUS_STALE_HANDLE);
  }
  CHECK_EQ(info.limit_bytes, 0);
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(page_pool, aRegionBorrowsFromThePoolAndKeepsItAlive) {
  const wl_device device = open_device();
  const wl_page_pool pool = open_pool();
  CHECK_OK(wl_page_pool_prepare(pool, 2 * GRANULE, NULL));
  const wl_region region = open_region(device, 2 * GRANULE, WL_BACKUP_POOLED, pool);
  CHECK_EQ(pool_info(pool).lent_bytes, 0);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_EQ(pool_info(pool).lent_bytes, 2 * GRANULE);
  CHECK_EQ(pool_info(pool).grown_on_lend, 0);
  CHECK_EQ(region_info(region).backup_bytes, 2 * GRANULE);
  CHECK_OK(wl_page_pool_trim(pool, NULL));
  CHECK_EQ(pool_info(pool).held_bytes, 2 * GRANULE);
  CHECK_OK(wl_page_pool_close(pool, NULL));
  CHECK_EQ(live(WL_KIND_PAGE_POOL), 1);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_EQ(live(WL_KIND_PAGE_POOL), 0);
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(page_pool, aPauseBeyondThePoolsLimitLeavesTheRegionActive) {
  wl_error error;
  const wl_device device = open_device();
  const wl_page_pool pool = open_pool();
  const wl_region region = open_region(device, LIMIT + GRANULE, WL_BACKUP_POOLED, pool);
  CHECK_STATUS(wl_region_pause(region, NULL, &error), WL_STATUS_NO_SPACE);
  CHECK_CONTAINS(error.message, "stays active");
  CHECK_EQ(region_info(region).state, WL_REGION_ACTIVE);
  CHECK_EQ(region_info(region).generation, 1);
  CHECK_EQ(pool_info(pool).lent_bytes, 0);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_page_pool_close(pool, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(page_pool, pinningOnTheEmulatedDeviceIsDoneAtOnceAndStays) {
  wl_error error;
  const wl_device device = open_device();
  const wl_device other = open_device();
  const wl_page_pool pool = open_pool();
  CHECK_STATUS(wl_page_pool_wait_pinned(pool, &error), WL_STATUS_STATE);
  CHECK_CONTAINS(error.message, "nothing pins");
  CHECK_OK(wl_page_pool_prepare(pool, 2 * GRANULE, NULL));
  CHECK_EQ(pool_info(pool).pinned_bytes, 0);
  CHECK_OK(wl_page_pool_pin(pool, device, NULL));
  CHECK_OK(wl_page_pool_pin(pool, device, NULL));
  CHECK_OK(wl_page_pool_wait_pinned(pool, NULL));
  CHECK_EQ(pool_info(pool).pinned_bytes, 2 * GRANULE);
  CHECK_OK(wl_page_pool_prepare(pool, 5 * GRANULE, NULL));
  CHECK_OK(wl_page_pool_wait_pinned(pool, NULL));
  CHECK_EQ(pool_info(pool).pinned_bytes, pool_info(pool).held_bytes);
  CHECK_EQ(pool_info(pool).held_bytes, 5 * GRANULE);
  CHECK_EQ(pool_info(pool).lent_unpinned_bytes, 0);
  CHECK_STATUS(wl_page_pool_pin(pool, other, &error), WL_STATUS_STATE);
  CHECK_CONTAINS(error.message, "open another pool");
  CHECK_OK(wl_page_pool_trim(pool, NULL));
  CHECK_EQ(pool_info(pool).pinned_bytes, 0);
  CHECK_EQ(pool_info(pool).quarantined_bytes, 0);
  CHECK_OK(wl_device_close(other, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_EQ(live(WL_KIND_DEVICE), 1); /* which the pool keeps */
  CHECK_OK(wl_page_pool_close(pool, NULL));
  CHECK_EQ(live(WL_KIND_DEVICE), 0);
}

TEST(page_pool, pinningWithHandlesThatAreNoneIsRefused) {
  const wl_device device = open_device();
  const wl_page_pool pool = open_pool();
  CHECK_STATUS(wl_page_pool_pin(pool, 0, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_page_pool_pin(pool, pool, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_page_pool_pin(device, device, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_page_pool_wait_pinned(device, NULL), WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_page_pool_close(pool, NULL));
  CHECK_STATUS(wl_page_pool_pin(pool, device, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_page_pool_wait_pinned(pool, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_device_close(device, NULL));
}
