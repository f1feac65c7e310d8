#include "windlass/backup_directory.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "places.h"

#define SIZE (9 * MIB + 12345)
#define MAPPED (10 * MIB)

static wl_region open_in(wl_device device, wl_backup_directory directory) {
  wl_region_options options;
  wl_region_options_init(&options, sizeof options);
  options.backup = WL_BACKUP_FILE;
  options.directory = directory;
  options.chunk_bytes = GRANULE;
  return open_region_with(device, SIZE, &options);
}

static void* memory_of(wl_region region) { return (void*)(uintptr_t)region_info(region).address; }

TEST(backup_directory, theDefaultsAreAutoAndDirect) {
  wl_backup_directory_options options;
  memset(&options, POISON, sizeof options);
  wl_backup_directory_options_init(&options, sizeof options);
  CHECK_EQ(options.struct_size, sizeof options);
  CHECK_EQ(options.engine, WL_FILE_ENGINE_AUTO);
  CHECK_EQ(options.direct, 1);
  CHECK_EQ(options.queue_depth, 0);
  CHECK_EQ(options.block_bytes, 0);
  wl_backup_directory_options_init(NULL, sizeof options);
  wl_backup_directory_info_init(NULL, sizeof(wl_backup_directory_info));
}

TEST(backup_directory, aFreshOneHoldsNothingAndLeavesNothing) {
  char path[PATH_BYTES];
  make_directory(path);
  const wl_backup_directory directory = open_directory(path);
  CHECK_EQ(live(WL_KIND_BACKUP_DIRECTORY), 1);
  const wl_backup_directory_info info = directory_info(directory);
  CHECK(info.engine == WL_FILE_ENGINE_IO_URING || info.engine == WL_FILE_ENGINE_THREADS);
  CHECK(info.in_memory == 0 || info.direct == 0);
  CHECK(info.free_bytes > 0);
  CHECK_EQ(info.stored_bytes, 0);
  CHECK_EQ(info.swept_files, 0);
  CHECK_EQ(info.swept_bytes, 0);
  CHECK_EQ(count_names(path, ".owner"), 1);
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  CHECK_EQ(count_names(path, ""), 0);
  remove_directory(path);
}

/* Three cycles of a region in a directory with these options, which the info must show. */
static void check_cycles(const wl_backup_directory_options* options, wl_file_engine engine) {
  char path[PATH_BYTES];
  wl_backup_directory directory = 0;
  make_directory(path);
  CHECK_OK(wl_backup_directory_open(path, options, &directory, NULL));
  CHECK_EQ(directory_info(directory).engine, engine);
  if (options->direct == 0) CHECK_EQ(directory_info(directory).direct, 0);
  const wl_device device = open_device();
  const wl_region region = open_in(device, directory);
  fill_pattern(memory_of(region), SIZE, 5);
  for (int i = 0; i < 3; ++i) {
    wl_pause_report paused;
    wl_pause_report_init(&paused, sizeof paused);
    CHECK_OK(wl_region_pause(region, &paused, NULL));
    CHECK_EQ(paused.saved_bytes, SIZE);
    CHECK_EQ(paused.freed_bytes, MAPPED);
    CHECK(region_info(region).stored_bytes >= SIZE);
    CHECK_EQ(region_info(region).backup_bytes, 0);
    CHECK_EQ(directory_info(directory).stored_bytes, region_info(region).stored_bytes);
    CHECK_EQ(count_names(path, ".backup"), 1);
    CHECK_OK(wl_region_resume(region, NULL, NULL));
    CHECK_EQ(first_difference(memory_of(region), SIZE, 5), SIZE);
    CHECK_EQ(region_info(region).stored_bytes, 0);
    CHECK_EQ(directory_info(directory).stored_bytes, 0);
    CHECK_EQ(count_names(path, ".backup"), 0);
  }
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  CHECK_EQ(count_names(path, ""), 0);
  remove_directory(path);
}

TEST(backup_directory, bytesSurviveInFilesWrittenByThreads) {
  wl_backup_directory_options options;
  wl_backup_directory_options_init(&options, sizeof options);
  options.engine = WL_FILE_ENGINE_THREADS;
  check_cycles(&options, WL_FILE_ENGINE_THREADS);
}

TEST(backup_directory, bytesSurviveInFilesWrittenByIoUring) {
  wl_feature_info feature;
  wl_backup_directory_options options;
  wl_backup_directory_options_init(&options, sizeof options);
  options.engine = WL_FILE_ENGINE_IO_URING;
  wl_feature_info_init(&feature, sizeof feature);
  CHECK_OK(wl_feature_query(WL_FEATURE_IO_URING, &feature, NULL));
  if (feature.present == 0) {
    wl_backup_directory directory = 77;
    wl_error error;
    CHECK_STATUS(wl_backup_directory_open("/var/tmp", &options, &directory, &error), WL_STATUS_UNSUPPORTED);
    CHECK_CONTAINS(error.message, "io_uring");
    CHECK_EQ(directory, 77);
    SKIP("there is no io_uring here");
  }
  check_cycles(&options, WL_FILE_ENGINE_IO_URING);
}

TEST(backup_directory, bytesSurviveThroughThePageCache) {
  wl_backup_directory_options options;
  wl_backup_directory_options_init(&options, sizeof options);
  options.engine = WL_FILE_ENGINE_THREADS;
  options.direct = 0;
  check_cycles(&options, WL_FILE_ENGINE_THREADS);
}

TEST(backup_directory, bytesSurviveInFewAndLargeTransfers) {
  wl_backup_directory_options options;
  wl_backup_directory_options_init(&options, sizeof options);
  options.engine = WL_FILE_ENGINE_THREADS;
  options.queue_depth = 2;
  options.block_bytes = 3 * GRANULE;
  check_cycles(&options, WL_FILE_ENGINE_THREADS);
}

static void check_refused(const char* path, const wl_backup_directory_options* options, wl_status expected,
                          const char* part) {
  wl_backup_directory directory = 77;
  wl_error error;
  memset(&error, POISON, sizeof error);
  if (CHECK_STATUS(wl_backup_directory_open(path, options, &directory, &error), expected)) {
    CHECK_CONTAINS(error.message, part);
  }
  CHECK_EQ(directory, 77);
}

TEST(backup_directory, wrongOptionsAreRefused) {
  char path[PATH_BYTES];
  wl_backup_directory_options defaults;
  wl_backup_directory_options options;
  make_directory(path);
  wl_backup_directory_options_init(&defaults, sizeof defaults);
  options = defaults;
  options.struct_size = sizeof options - 1;
  check_refused(path, &options, WL_STATUS_INVALID_ARGUMENT, "backup directory options: struct_size");
  const int32_t engines[] = {-1, 3, INT32_MAX};
  for (int i = 0; i < 3; ++i) {
    options = defaults;
    options.engine = engines[i];
    check_refused(path, &options, WL_STATUS_INVALID_ARGUMENT, "no engine has number");
  }
  const int32_t flags[] = {-1, 2};
  for (int i = 0; i < 2; ++i) {
    options = defaults;
    options.direct = flags[i];
    check_refused(path, &options, WL_STATUS_INVALID_ARGUMENT, "direct takes 0 or 1");
  }
  const uint32_t depths[] = {1, 257, 1024, UINT32_MAX};
  for (int i = 0; i < 4; ++i) {
    options = defaults;
    options.queue_depth = depths[i];
    check_refused(path, &options, WL_STATUS_INVALID_ARGUMENT, "queue depth");
  }
  const uint64_t blocks[] = {1, GRANULE - 1, GRANULE + 1, 66 * MIB, UINT64_MAX};
  for (int i = 0; i < 5; ++i) {
    options = defaults;
    options.block_bytes = blocks[i];
    check_refused(path, &options, WL_STATUS_INVALID_ARGUMENT, "2 MiB");
  }
  CHECK_EQ(count_names(path, ""), 0);
  remove_directory(path);
}

TEST(backup_directory, whatIsNoDirectoryIsRefused) {
  check_refused("/var/tmp/windlass-is-not-here", NULL, WL_STATUS_NOT_FOUND, "windlass-is-not-here");
  check_refused("/proc/self/exe", NULL, WL_STATUS_NOT_FOUND, "/proc/self/exe");
  check_refused("", NULL, WL_STATUS_INVALID_ARGUMENT, "path");
  check_refused(NULL, NULL, WL_STATUS_INVALID_ARGUMENT, "path is NULL");
}

TEST(backup_directory, nullPointersAreRefused) {
  char path[PATH_BYTES];
  wl_error error;
  wl_backup_directory_info info;
  make_directory(path);
  CHECK_STATUS(wl_backup_directory_open(path, NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "directory is NULL");
  const wl_backup_directory directory = open_directory(path);
  CHECK_STATUS(wl_backup_directory_get_info(directory, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "backup directory info is NULL");
  memset(&info, POISON, sizeof info);
  info.struct_size = sizeof info - 1;
  CHECK_STATUS(wl_backup_directory_get_info(directory, &info, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK(is_poisoned((const char*)&info + 4, sizeof info - 4));
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  remove_directory(path);
}

TEST(backup_directory, closedForgedAndOtherHandlesAreRefused) {
  char path[PATH_BYTES];
  wl_backup_directory_info info;
  wl_error error;
  make_directory(path);
  const wl_device device = open_device();
  const wl_backup_directory directory = open_directory(path);
  wl_backup_directory_info_init(&info, sizeof info);
  CHECK_STATUS(wl_backup_directory_get_info(device, &info, &error), WL_STATUS_WRONG_KIND);
  CHECK_CONTAINS(error.message, "where a backup directory is wanted");
  CHECK_STATUS(wl_backup_directory_close(device, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_device_close(directory, NULL), WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  const wl_backup_directory stale[] = {directory, 0, UINT64_MAX, forged_handle(WL_KIND_BACKUP_DIRECTORY)};
  for (int i = 0; i < 4; ++i) {
    CHECK_STATUS(wl_backup_directory_get_info(stale[i], &info, NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_backup_directory_close(stale[i], NULL), WL_STATUS_STALE_HANDLE);
  }
  CHECK_EQ(info.free_bytes, 0);
  CHECK_OK(wl_device_close(device, NULL));
  remove_directory(path);
}

TEST(backup_directory, aRegionKeepsItAliveAfterItsHandleIsClosed) {
  char path[PATH_BYTES];
  make_directory(path);
  const wl_device device = open_device();
  const wl_backup_directory directory = open_directory(path);
  const wl_region region = open_in(device, directory);
  fill_pattern(memory_of(region), SIZE, 6);
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  CHECK_EQ(live(WL_KIND_BACKUP_DIRECTORY), 1);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_EQ(count_names(path, ".backup"), 1);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_EQ(first_difference(memory_of(region), SIZE, 6), SIZE);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_EQ(live(WL_KIND_BACKUP_DIRECTORY), 0);
  CHECK_EQ(count_names(path, ""), 0);
  CHECK_OK(wl_device_close(device, NULL));
  remove_directory(path);
}

TEST(backup_directory, aPausedRegionThatIsClosedLeavesNoFile) {
  char path[PATH_BYTES];
  make_directory(path);
  const wl_device device = open_device();
  const wl_backup_directory directory = open_directory(path);
  const wl_region region = open_in(device, directory);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_EQ(count_names(path, ".backup"), 1);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_EQ(count_names(path, ".backup"), 0);
  CHECK_EQ(directory_info(directory).stored_bytes, 0);
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  remove_directory(path);
}

TEST(backup_directory, twoOnOnePathDoNotDisturbEachOther) {
  char path[PATH_BYTES];
  wl_region regions[2];
  wl_backup_directory directories[2];
  make_directory(path);
  const wl_device device = open_device();
  for (int i = 0; i < 2; ++i) {
    directories[i] = open_directory(path);
    CHECK_EQ(directory_info(directories[i]).swept_files, 0);
    regions[i] = open_in(device, directories[i]);
    fill_pattern(memory_of(regions[i]), SIZE, (uint64_t)i);
    CHECK_OK(wl_region_pause(regions[i], NULL, NULL));
  }
  CHECK_EQ(count_names(path, ".owner"), 2);
  CHECK_EQ(count_names(path, ".backup"), 2);
  for (int i = 0; i < 2; ++i) {
    CHECK_EQ(directory_info(directories[i]).stored_bytes, region_info(regions[i]).stored_bytes);
  }
  CHECK_OK(wl_region_resume(regions[0], NULL, NULL));
  CHECK_OK(wl_region_close(regions[0], NULL));
  CHECK_OK(wl_backup_directory_close(directories[0], NULL));
  CHECK_EQ(count_names(path, ".backup"), 1);
  CHECK_OK(wl_region_resume(regions[1], NULL, NULL));
  CHECK_EQ(first_difference(memory_of(regions[1]), SIZE, 1), SIZE);
  CHECK_OK(wl_region_close(regions[1], NULL));
  CHECK_OK(wl_backup_directory_close(directories[1], NULL));
  CHECK_OK(wl_device_close(device, NULL));
  remove_directory(path);
}
