#define _POSIX_C_SOURCE 200809L

#include "windlass/log.h"

#include <pthread.h>
#include <string.h>

#include "check.h"
#include "fixture.h"

static wl_log open_log(wl_log_level level) {
  wl_log_options options;
  wl_log log = 0;
  wl_log_options_init(&options, sizeof options);
  CHECK_EQ(options.struct_size, sizeof options);
  CHECK_EQ(options.level, WL_LOG_INFO);
  CHECK_EQ(options.capacity, 256);
  options.level = level;
  CHECK_OK(wl_log_open(&options, &log, NULL));
  return log;
}

TEST(log, aReadOfNothingTimesOut) {
  wl_log_record record;
  wl_error error;
  const wl_log log = open_log(WL_LOG_ERROR);
  const int64_t timeouts[] = {0, 1, 1000};
  for (int i = 0; i < 3; ++i) {
    wl_log_record_init(&record, sizeof record);
    CHECK_STATUS(wl_log_read(log, timeouts[i], &record, &error), WL_STATUS_TIMEOUT);
    CHECK_EQ(record.time_unix_ns, 0);
  }
  CHECK_OK(wl_log_close(log, NULL));
}

TEST(log, twoLogsBothGetEveryLine) {
  /* Method: pausing and resuming makes lines at the level DEBUG. */
  const wl_log logs[2] = {open_log(WL_LOG_DEBUG), open_log(WL_LOG_DEBUG)};
  const wl_device device = open_device();
  const wl_region region = open_region(device, GRANULE, WL_BACKUP_PAGEABLE, 0);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));

  int lines = 0;
  while (1) {
    wl_log_record records[2];
    wl_status statuses[2];
    for (int i = 0; i < 2; ++i) {
      wl_log_record_init(&records[i], sizeof records[i]);
      statuses[i] = wl_log_read(logs[i], 0, &records[i], NULL);
    }
    CHECK_STATUS(statuses[0], statuses[1]);
    if (statuses[0] != WL_STATUS_OK || statuses[1] != WL_STATUS_OK) break;
    lines += 1;
    CHECK(strlen(records[0].source) > 0 && strlen(records[0].message) > 0);
    CHECK(strcmp(records[0].source, records[1].source) == 0);
    CHECK(strcmp(records[0].message, records[1].message) == 0);
    CHECK_EQ(records[0].time_unix_ns, records[1].time_unix_ns);
    CHECK(records[0].time_unix_ns > (int64_t)1577836800 * 1000000000);
    CHECK(records[0].level >= WL_LOG_DEBUG && records[0].level <= WL_LOG_ERROR);
    CHECK_EQ(records[0].dropped, 0);
  }
  for (int i = 0; i < 2; ++i) CHECK_OK(wl_log_close(logs[i], NULL));
  if (lines == 0) SKIP("no call that succeeds writes a line to the log");
}

typedef struct read_result {
  wl_log log;
  wl_status status;
} read_result;

static void* read_for_ever(void* result) {
  read_result* const read = result;
  wl_log_record record;
  wl_log_record_init(&record, sizeof record);
  read->status = wl_log_read(read->log, INT64_MAX, &record, NULL);
  return NULL;
}

TEST(log, closingEndsAReadThatWaits) {
  for (int round = 0; round < 50; ++round) {
    read_result read = {open_log(WL_LOG_ERROR), WL_STATUS_OK};
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, read_for_ever, &read) == 0);
    CHECK_OK(wl_log_close(read.log, NULL));
    CHECK(pthread_join(reader, NULL) == 0);
    CHECK_STATUS(read.status, WL_STATUS_STALE_HANDLE);
  }
}

TEST(log, optionsOutOfRangeAreRefused) {
  wl_log_options options;
  wl_log log = 77;
  wl_error error;
  wl_log_options_init(&options, sizeof options);
  options.level = WL_LOG_ERROR + 1;
  CHECK_STATUS(wl_log_open(&options, &log, &error), WL_STATUS_INVALID_ARGUMENT);
  options.level = -1;
  CHECK_STATUS(wl_log_open(&options, &log, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "level");
  wl_log_options_init(&options, sizeof options);
  options.capacity = 0;
  CHECK_STATUS(wl_log_open(&options, &log, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "capacity is 0");
  options.capacity = 65537;
  CHECK_STATUS(wl_log_open(&options, &log, &error), WL_STATUS_INVALID_ARGUMENT);
  wl_log_options_init(&options, sizeof options);
  options.reserved = 1;
  CHECK_STATUS(wl_log_open(&options, &log, &error), WL_STATUS_INVALID_ARGUMENT);
  wl_log_options_init(&options, sizeof options);
  options.struct_size = 0;
  CHECK_STATUS(wl_log_open(&options, &log, &error), WL_STATUS_INVALID_ARGUMENT);
  options.struct_size = sizeof options - 4;
  CHECK_STATUS(wl_log_open(&options, &log, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "log options");
  CHECK_EQ(log, 77);
}

TEST(log, aLogOfTheLargestCapacityOpens) {
  wl_log_options options;
  wl_log log = 0;
  wl_log_options_init(&options, sizeof options);
  options.capacity = 65536;
  CHECK_OK(wl_log_open(&options, &log, NULL));
  CHECK_OK(wl_log_close(log, NULL));
}

TEST(log, nullPointersAndTimesInThePastAreRefused) {
  wl_log_record record;
  wl_error error;
  const wl_log log = open_log(WL_LOG_ERROR);
  wl_log_record_init(&record, sizeof record);
  CHECK_STATUS(wl_log_open(NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "log is NULL");
  CHECK_STATUS(wl_log_read(log, 0, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "log record is NULL");
  CHECK_STATUS(wl_log_read(log, -1, &record, &error), WL_STATUS_INVALID_ARGUMENT);
  record.struct_size = 1;
  CHECK_STATUS(wl_log_read(log, 0, &record, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_log_close(log, NULL));
}

TEST(log, closedForgedAndOtherHandlesAreRefused) {
  wl_log_record record;
  wl_error error;
  const wl_device device = open_device();
  const wl_log log = open_log(WL_LOG_ERROR);
  wl_log_record_init(&record, sizeof record);
  CHECK_STATUS(wl_log_read(device, 0, &record, &error), WL_STATUS_WRONG_KIND);
  CHECK_CONTAINS(error.message, "names a device, where a log is wanted");
  CHECK_STATUS(wl_log_close(device, NULL), WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_log_close(log, NULL));
  CHECK_STATUS(wl_log_close(log, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_log_read(log, 0, &record, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_log_read(forged_handle(WL_KIND_LOG), 0, &record, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_device_close(device, NULL));
}
