#include "windlass/plan.h"

#include "check.h"
#include "store_pair.h"

static wl_pull_item pull_of(const char* key, void* target, uint64_t bytes) {
  wl_pull_item item;
  memset(&item, 0, sizeof item);
  item.key = key;
  item.key_bytes = strlen(key);
  item.target = target;
  item.bytes = bytes;
  return item;
}

TEST(plan, isMadeOnceAndPulledAgain) {
  const pair opened = open_pair();
  char target[3] = {0};
  const wl_pull_item item = pull_of("key", target, sizeof target);
  wl_plan plan = 0;
  CHECK_OK(wl_store_plan(opened.store, &item, 1, &plan, NULL));
  wl_error error;
  CHECK_STATUS(wl_plan_pull(plan, 0, NULL, &error), WL_STATUS_NOT_FOUND);
  CHECK_OK(put_one(opened.store, item_of("key", "one", 3), NULL));
  wl_pull_report report;
  wl_pull_report_init(&report, sizeof report);
  CHECK_OK(wl_plan_pull(plan, 0, &report, NULL));
  CHECK(memcmp(target, "one", 3) == 0);
  CHECK_EQ(report.planned, 1);
  CHECK_EQ(report.bytes, 3);
  CHECK_OK(put_one(opened.store, item_of("key", "two", 3), NULL));
  CHECK_OK(wl_plan_pull(plan, 0, &report, NULL));
  CHECK(memcmp(target, "two", 3) == 0);
  CHECK_EQ(report.planned, 0);
  CHECK_EQ(report.reused, 1);
  CHECK_OK(put_one(opened.store, item_of("key", "longer", 6), NULL));
  CHECK_STATUS(wl_plan_pull(plan, 0, NULL, &error), WL_STATUS_MISMATCH);
  CHECK_OK(wl_plan_close(plan, NULL));
  CHECK_STATUS(wl_plan_pull(plan, 0, NULL, &error), WL_STATUS_STALE_HANDLE);
  close_pair(opened);
}

TEST(plan, nullAndOddArgumentsAreRefused) {
  const pair opened = open_pair();
  wl_error error;
  wl_plan plan = 0;
  char target = 0;
  wl_pull_item item = pull_of("key", &target, 1);
  CHECK_STATUS(wl_store_plan(opened.store, &item, 1, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_plan(opened.store, NULL, 1, &plan, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_plan(opened.store, &item, 0, &plan, &error), WL_STATUS_INVALID_ARGUMENT);
  item.target = NULL;
  CHECK_STATUS(wl_store_plan(opened.store, &item, 1, &plan, &error), WL_STATUS_INVALID_ARGUMENT);
  item = pull_of("key", &target, 1);
  item.kind = 9;
  CHECK_STATUS(wl_store_plan(opened.store, &item, 1, &plan, &error), WL_STATUS_INVALID_ARGUMENT);
  item = pull_of("key", &target, 1);
  item.reserved = 1;
  CHECK_STATUS(wl_store_plan(opened.store, &item, 1, &plan, &error), WL_STATUS_INVALID_ARGUMENT);
  close_pair(opened);
}
