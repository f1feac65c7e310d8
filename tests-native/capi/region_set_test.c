#include "windlass/region_set.h"

#include <pthread.h>
#include <string.h>

#include "check.h"
#include "fixture.h"

#define SIZE (3 * MIB + 77)
#define MAPPED (4 * MIB)

static wl_region_set open_set(void) {
  wl_region_set set = 0;
  CHECK_OK(wl_region_set_open(NULL, &set, NULL));
  return set;
}

static wl_region open_tagged(wl_region_set set, wl_device device, const char* tag, uint64_t seed) {
  wl_region region = 0;
  CHECK_OK(wl_region_set_open_region(set, device, SIZE, tag, NULL, &region, NULL));
  fill_pattern((void*)(uintptr_t)region_info(region).address, SIZE, seed);
  return region;
}

static void check_content(wl_region region, uint64_t seed) {
  CHECK_EQ(first_difference((const void*)(uintptr_t)region_info(region).address, SIZE, seed), SIZE);
}

static wl_region_set_info set_info(wl_region_set set, const char* tag) {
  wl_region_set_info info;
  wl_region_set_info_init(&info, sizeof info);
  CHECK_OK(wl_region_set_get_info(set, tag, &info, NULL));
  return info;
}

TEST(region_set, tagsArePausedAndResumedInReverseOrderWithAnOutcomeForEach) {
  const wl_device device = open_device();
  const wl_region_set set = open_set();
  const wl_region weights = open_tagged(set, device, "weights", 1);
  const wl_region cache = open_tagged(set, device, "kv", 2);
  wl_region_outcome outcomes[4];
  uint64_t count = 99;
  CHECK_OK(wl_region_set_pause(set, "weights", 0, outcomes, sizeof outcomes[0], 4, &count, NULL));
  CHECK_EQ(count, 1);
  CHECK(outcomes[0].region == weights);
  CHECK_EQ(outcomes[0].kind, WL_OUTCOME_DONE);
  CHECK_EQ(outcomes[0].status, WL_STATUS_OK);
  CHECK_EQ(outcomes[0].moved_bytes, SIZE);
  CHECK_EQ(outcomes[0].device_bytes, MAPPED);
  CHECK_EQ(outcomes[0].generation, 2);
  CHECK(strcmp(outcomes[0].message, "") == 0);
  CHECK_OK(wl_region_set_pause(set, "kv", 0, NULL, 0, 0, NULL, NULL));
  CHECK_EQ(set_info(set, NULL).paused, 2);
  CHECK_EQ(set_info(set, NULL).mapped_bytes, 0);
  CHECK_EQ(set_info(set, "kv").size_bytes, SIZE);
  CHECK_OK(wl_region_set_resume(set, "kv", 0, outcomes, sizeof outcomes[0], 4, NULL, NULL));
  CHECK_EQ(outcomes[0].moved_bytes, SIZE);
  CHECK_EQ(region_info(weights).state, WL_REGION_PAUSED);
  CHECK_OK(wl_region_set_resume(set, "weights", 0, NULL, 0, 0, NULL, NULL));
  check_content(weights, 1);
  check_content(cache, 2);
  CHECK_OK(wl_region_set_close(set, NULL));
  CHECK_OK(wl_region_close(weights, NULL));
  CHECK_OK(wl_region_close(cache, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region_set, whatIsThereAlreadyFailsTheCallOrIsPassedOver) {
  const wl_device device = open_device();
  const wl_region_set set = open_set();
  const wl_region first = open_tagged(set, device, "a", 1);
  const wl_region second = open_tagged(set, device, "a", 2);
  wl_region_outcome outcomes[1];
  uint64_t count = 0;
  wl_error error;
  CHECK_OK(wl_region_pause(second, NULL, NULL));
  CHECK_STATUS(wl_region_set_pause(set, NULL, 0, outcomes, sizeof outcomes[0], 1, &count, &error), WL_STATUS_STATE);
  CHECK_EQ(count, 2); /* more than there was room for */
  CHECK_EQ(outcomes[0].kind, WL_OUTCOME_UNTOUCHED);
  CHECK(strstr(error.message, "(a)") != NULL);
  CHECK_OK(wl_region_set_pause(set, NULL, 1, outcomes, sizeof outcomes[0], 1, &count, NULL));
  CHECK_EQ(set_info(set, NULL).paused, 2);
  const wl_region both[] = {second, first};
  wl_region_outcome of_both[2];
  CHECK_OK(wl_region_set_resume_these(set, both, 2, 0, of_both, sizeof of_both[0], NULL));
  CHECK(of_both[0].region == second && of_both[1].region == first);
  CHECK_OK(wl_region_set_pause_these(set, both, 2, 0, NULL, 0, NULL));
  CHECK_OK(wl_region_set_resume_these(set, both, 2, 0, NULL, 0, NULL));
  const wl_region twice[] = {first, first};
  CHECK_STATUS(wl_region_set_pause_these(set, twice, 2, 0, NULL, 0, NULL), WL_STATUS_INVALID_ARGUMENT);
  check_content(first, 1);
  check_content(second, 2);
  CHECK_OK(wl_region_close(first, NULL));
  CHECK_STATUS(wl_region_set_pause_these(set, both, 2, 0, NULL, 0, &error), WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_region_close(second, NULL));
  CHECK_OK(wl_region_set_close(set, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

static void* leave_elsewhere(void* argument) {
  const uint64_t* const names = argument;
  CHECK_STATUS(wl_region_set_leave(names[0], names[1], NULL), WL_STATUS_STATE);
  return NULL;
}

TEST(region_set, scopesNestAndBelongToTheirThread) {
  const wl_device device = open_device();
  const wl_region_set set = open_set();
  wl_region_options none;
  wl_region_scope_options options;
  uint64_t outer = 0;
  uint64_t inner = 0;
  wl_region first = 0;
  wl_region second = 0;
  wl_region apart = 0;
  wl_region_options_init(&none, sizeof none);
  none.backup = WL_BACKUP_NONE;
  wl_region_scope_options_init(&options, sizeof options);
  CHECK_EQ(options.enabled, -1);
  options.device = device;
  options.tag = "outer";
  CHECK_OK(wl_region_set_enter(set, &options, &outer, NULL));
  wl_region_scope_options_init(&options, sizeof options);
  options.tag = "inner";
  options.region = &none;
  CHECK_OK(wl_region_set_enter(set, &options, &inner, NULL));
  CHECK_OK(wl_region_set_open_region(set, 0, SIZE, NULL, NULL, &first, NULL));
  CHECK_EQ(region_info(first).backup, WL_BACKUP_NONE);
  CHECK_STATUS(wl_region_set_leave(set, outer, NULL), WL_STATUS_STATE);
  uint64_t names[] = {set, inner};
  pthread_t thread;
  pthread_create(&thread, NULL, leave_elsewhere, names);
  pthread_join(thread, NULL);
  CHECK_OK(wl_region_set_leave(set, inner, NULL));
  CHECK_OK(wl_region_set_open_region(set, 0, SIZE, NULL, NULL, &second, NULL));
  CHECK_EQ(region_info(second).backup, WL_BACKUP_PAGEABLE);
  wl_region_scope_options_init(&options, sizeof options);
  options.enabled = 0;
  CHECK_OK(wl_region_set_enter(set, &options, &inner, NULL));
  CHECK_OK(wl_region_set_open_region(set, 0, SIZE, "apart", NULL, &apart, NULL));
  CHECK_OK(wl_region_set_leave(set, inner, NULL));
  CHECK_OK(wl_region_set_leave(set, outer, NULL));
  CHECK_STATUS(wl_region_set_leave(set, outer, NULL), WL_STATUS_STATE);
  CHECK_EQ(set_info(set, "outer").regions, 1);
  CHECK_EQ(set_info(set, "inner").regions, 1);
  CHECK_EQ(set_info(set, NULL).regions, 2);
  CHECK_STATUS(wl_region_set_open_region(set, 0, SIZE, NULL, NULL, &apart, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_region_close(first, NULL));
  CHECK_OK(wl_region_close(second, NULL));
  CHECK_OK(wl_region_close(apart, NULL));
  CHECK_OK(wl_region_set_close(set, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region_set, aScopeThatWasNeverLeftEndsWithItsSet) {
  const wl_device device = open_device();
  const wl_region_set set = open_set();
  wl_region_scope_options options;
  uint64_t scope = 0;
  wl_region_scope_options_init(&options, sizeof options);
  options.device = device;
  CHECK_OK(wl_region_set_enter(set, &options, &scope, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_EQ(live(WL_KIND_DEVICE), 1); /* the scope keeps it */
  CHECK_OK(wl_region_set_close(set, NULL));
  CHECK_EQ(live(WL_KIND_DEVICE), 0);
}

TEST(region_set, theMarginStaysFree) {
  const wl_device device = open_device();
  const wl_region_set set = open_set();
  wl_region region = 0;
  CHECK_OK(wl_region_set_set_margin(set, DEVICE_BYTES - 2 * MIB, NULL));
  CHECK_STATUS(wl_region_set_open_region(set, device, 3 * MIB, NULL, NULL, &region, NULL), WL_STATUS_NO_MEMORY);
  CHECK_OK(wl_region_set_open_region(set, device, MIB, NULL, NULL, &region, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_region_set_close(set, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region_set, argumentsAreChecked) {
  const wl_device device = open_device();
  const wl_region_set set = open_set();
  wl_region_set_options options;
  wl_region_set other = 0;
  wl_region region = 0;
  wl_region_outcome outcome;
  uint64_t scope = 0;
  char long_tag[300];
  memset(long_tag, 'x', sizeof long_tag);
  long_tag[299] = 0;
  wl_region_set_options_init(&options, sizeof options);
  options.lanes = 65;
  CHECK_STATUS(wl_region_set_open(&options, &other, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_open(NULL, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_open_region(set, device, SIZE, long_tag, NULL, &region, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_open_region(set, set, SIZE, NULL, NULL, &region, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_region_set_open_region(set, device, SIZE, NULL, NULL, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_pause(set, NULL, 2, NULL, 0, 0, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_pause(set, NULL, 0, NULL, 0, 1, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_pause(set, NULL, 0, &outcome, 8, 1, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_resume_these(set, NULL, 1, 0, NULL, 0, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_set_enter(set, NULL, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  wl_region_scope_options wrong;
  wl_region_scope_options_init(&wrong, sizeof wrong);
  wrong.enabled = 2;
  CHECK_STATUS(wl_region_set_enter(set, &wrong, &scope, NULL), WL_STATUS_INVALID_ARGUMENT);
  wrong.enabled = 1;
  wrong.device = set;
  CHECK_STATUS(wl_region_set_enter(set, &wrong, &scope, NULL), WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_region_set_pause(set, NULL, 0, NULL, 0, 0, NULL, NULL)); /* of nothing */
  CHECK_OK(wl_region_set_close(set, NULL));
  CHECK_STATUS(wl_region_set_close(set, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_region_set_pause(set, NULL, 0, NULL, 0, 0, NULL, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_region_set_set_margin(set, 0, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(region_set, aBackupIsReadWhilePausedAsACopyAndAsAView) {
  const wl_device device = open_device();
  const wl_region_set set = open_set();
  const wl_region region = open_tagged(set, device, NULL, 5);
  uint8_t copy[100];
  const void* view = NULL;
  uint64_t view_bytes = 0;
  CHECK_STATUS(wl_region_read_backup(region, 0, copy, 1, NULL), WL_STATUS_STATE);
  CHECK_OK(wl_region_check_generation(region, 1, NULL));
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_STATUS(wl_region_check_generation(region, 1, NULL), WL_STATUS_STATE);
  CHECK_EQ(region_info(region).image_bytes, SIZE);
  CHECK_OK(wl_region_read_backup(region, SIZE - 100, copy, 100, NULL));
  CHECK_EQ(copy[99], pattern_at(5, SIZE - 1));
  CHECK_STATUS(wl_region_read_backup(region, SIZE - 99, copy, 100, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_region_read_backup(region, 0, NULL, 1, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_region_view_backup(region, 1000, &view, &view_bytes, NULL));
  CHECK_EQ(view_bytes, SIZE - 1000);
  CHECK_EQ(*(const uint8_t*)view, pattern_at(5, 1000));
  CHECK_STATUS(wl_region_view_backup(region, 0, NULL, &view_bytes, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_OK(wl_region_check_generation(region, 2, NULL));
  CHECK_STATUS(wl_region_view_backup(region, 0, &view, &view_bytes, NULL), WL_STATUS_STATE);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_region_set_close(set, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}
