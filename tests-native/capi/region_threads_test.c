/* One region used by many threads at once. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <string.h>

#include "check.h"
#include "fixture.h"

#define THREADS 6
#define SIZE (2 * GRANULE)

typedef struct storm {
  wl_region region;
  pthread_barrier_t start;
  int closes;
} storm;

typedef struct storm_thread {
  storm* shared;
  int number;
  int rounds;
  int surprises; /* statuses that no order of the calls explains */
  int closed;
} storm_thread;

static int is_expected(wl_status status) {
  return status == WL_STATUS_OK || status == WL_STATUS_STATE || status == WL_STATUS_STALE_HANDLE;
}

static void* run_storm(void* argument) {
  storm_thread* const me = argument;
  storm* const shared = me->shared;
  uint8_t bytes[64];
  memset(bytes, 0, sizeof bytes);
  pthread_barrier_wait(&shared->start);
  for (int i = 0; i < me->rounds; ++i) {
    wl_region_info info;
    wl_region_info_init(&info, sizeof info);
    switch ((me->number + i) % 5) {
      case 0:
        me->surprises += !is_expected(wl_region_pause(shared->region, NULL, NULL));
        break;
      case 1:
        me->surprises += !is_expected(wl_region_resume(shared->region, NULL, NULL));
        break;
      case 2:
        me->surprises += !is_expected(wl_region_write(shared->region, 100, bytes, sizeof bytes, NULL));
        break;
      case 3:
        me->surprises += !is_expected(wl_region_get_info(shared->region, &info, NULL));
        break;
      default:
        me->surprises += !is_expected(wl_region_read(shared->region, 100, bytes, sizeof bytes, NULL));
        break;
    }
  }
  if (shared->closes) me->closed = wl_region_close(shared->region, NULL) == WL_STATUS_OK;
  return NULL;
}

/* Runs the threads and returns how many closed the region. */
static int unleash(storm* shared, int rounds) {
  pthread_t threads[THREADS];
  storm_thread states[THREADS];
  int closed = 0;
  CHECK(pthread_barrier_init(&shared->start, NULL, THREADS) == 0);
  for (int i = 0; i < THREADS; ++i) {
    /* One thread closes at once, in the midst of the others' calls. */
    states[i] = (storm_thread){shared, i, shared->closes && i == 0 ? 1 : rounds, 0, 0};
    CHECK(pthread_create(&threads[i], NULL, run_storm, &states[i]) == 0);
  }
  for (int i = 0; i < THREADS; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_EQ(states[i].surprises, 0);
    closed += states[i].closed;
  }
  pthread_barrier_destroy(&shared->start);
  return closed;
}

TEST(region_threads, callsOnOneRegionAreSerialised) {
  const wl_device device = open_device();
  storm shared = {.region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0), .closes = 0};
  CHECK_EQ(unleash(&shared, 50), 0);
  if (region_info(shared.region).state == WL_REGION_PAUSED) CHECK_OK(wl_region_resume(shared.region, NULL, NULL));
  CHECK_EQ(region_info(shared.region).mapped_bytes, SIZE);
  CHECK_OK(wl_region_close(shared.region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region_threads, closingInTheMidstOfCallsHarmsNobody) {
  for (int round = 0; round < 20; ++round) {
    const wl_device device = open_device();
    storm shared = {.region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0), .closes = 1};
    CHECK_EQ(unleash(&shared, 10), 1);
    CHECK_EQ(live(WL_KIND_REGION), 0);
    CHECK_OK(wl_device_close(device, NULL));
  }
}

static void* close_region(void* handle) { return (void*)(intptr_t)wl_region_close(*(const wl_region*)handle, NULL); }

TEST(region_threads, ofTwoClosesAtOnceOneSucceedsAndOneFindsAStaleHandle) {
  const wl_device device = open_device();
  for (int round = 0; round < 100; ++round) {
    wl_region region = open_region(device, GRANULE, WL_BACKUP_NONE, 0);
    pthread_t threads[2];
    void* results[2];
    for (int i = 0; i < 2; ++i) CHECK(pthread_create(&threads[i], NULL, close_region, &region) == 0);
    for (int i = 0; i < 2; ++i) CHECK(pthread_join(threads[i], &results[i]) == 0);
    const intptr_t first = (intptr_t)results[0];
    const intptr_t second = (intptr_t)results[1];
    CHECK((first == WL_STATUS_OK && second == WL_STATUS_STALE_HANDLE) ||
          (first == WL_STATUS_STALE_HANDLE && second == WL_STATUS_OK));
    CHECK_EQ(live(WL_KIND_REGION), 0);
  }
  CHECK_OK(wl_device_close(device, NULL));
}

typedef struct own_region {
  wl_device device;
  int number;
  int failures;
} own_region;

static void* use_own_region(void* argument) {
  own_region* const me = argument;
  for (int round = 0; round < 10; ++round) {
    wl_region region = 0;
    wl_region_info info;
    me->failures += wl_region_open(me->device, GRANULE, NULL, &region, NULL) != WL_STATUS_OK;
    wl_region_info_init(&info, sizeof info);
    me->failures += wl_region_get_info(region, &info, NULL) != WL_STATUS_OK;
    void* const memory = (void*)(uintptr_t)info.address;
    fill_pattern(memory, GRANULE, (uint64_t)me->number);
    me->failures += wl_region_pause(region, NULL, NULL) != WL_STATUS_OK;
    me->failures += wl_region_resume(region, NULL, NULL) != WL_STATUS_OK;
    me->failures += first_difference(memory, GRANULE, (uint64_t)me->number) != GRANULE;
    me->failures += wl_region_close(region, NULL) != WL_STATUS_OK;
  }
  return NULL;
}

TEST(region_threads, regionsOfOneDeviceArePausedAtOnce) {
  pthread_t threads[THREADS];
  own_region regions[THREADS];
  const wl_device device = open_device();
  for (int i = 0; i < THREADS; ++i) {
    regions[i] = (own_region){device, i, 0};
    CHECK(pthread_create(&threads[i], NULL, use_own_region, &regions[i]) == 0);
  }
  for (int i = 0; i < THREADS; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_EQ(regions[i].failures, 0);
  }
  CHECK_OK(wl_device_close(device, NULL));
}
