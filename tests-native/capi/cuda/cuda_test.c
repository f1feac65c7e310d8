#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fake_driver.h"
#include "fixture.h"
#include "places.h"
#include "windlass/windlass.h"

#define SIZE (9 * MIB + 12345)
#define MAPPED (10 * MIB)
#define NEEDS_GPU() \
  if (!has_gpu()) SKIP("there is no GPU; put the fake driver's folder into LD_LIBRARY_PATH")

static wl_device open_gpu(int32_t ordinal) {
  wl_device_options options;
  wl_device device = 0;
  wl_error error;
  wl_device_options_init(&options, sizeof options);
  options.kind = WL_DEVICE_CUDA;
  options.ordinal = ordinal;
  if (!CHECK_OK(wl_device_open(&options, &device, &error))) check_failed(__FILE__, __LINE__, "%s", error.message);
  return device;
}

static wl_device_info device_info(wl_device device) {
  wl_device_info info;
  wl_device_info_init(&info, sizeof info);
  CHECK_OK(wl_device_get_info(device, &info, NULL));
  return info;
}

static void check_device_refused(const wl_device_options* options, wl_status expected, const char* part) {
  wl_device device = 77;
  wl_error error;
  if (CHECK_STATUS(wl_device_open(options, &device, &error), expected)) CHECK_CONTAINS(error.message, part);
  CHECK_EQ(device, 77);
}

TEST(cuda, everyGpuIsCountedOpenedAndDescribed) {
  int32_t count = 0;
  NEEDS_GPU();
  CHECK_OK(wl_device_count(WL_DEVICE_CUDA, &count, NULL));
  if (is_fake()) CHECK_EQ(count, 2);
  for (int32_t ordinal = 0; ordinal < count; ++ordinal) {
    const wl_device device = open_gpu(ordinal);
    const wl_device_info info = device_info(device);
    CHECK_EQ(info.kind, WL_DEVICE_CUDA);
    CHECK_EQ(info.ordinal, ordinal);
    CHECK_EQ(info.host_accessible, 0);
    CHECK_EQ(info.granularity_bytes, GRANULE);
    CHECK(info.total_bytes > 0 && info.free_bytes <= info.total_bytes);
    CHECK_EQ(info.used_bytes, 0);
    CHECK(info.name[0] != '\0');
    CHECK_OK(wl_device_close(device, NULL));
  }
  check_driver_is_clean();
}

TEST(cuda, aGpusModelIsToldWithoutOpeningIt) {
  wl_device_model model;
  wl_error error;
  NEEDS_GPU();
  wl_device_model_init(&model, sizeof model);
  if (!CHECK_OK(wl_device_get_model(WL_DEVICE_CUDA, 0, &model, &error))) {
    check_failed(__FILE__, __LINE__, "%s", error.message);
  }
  CHECK_EQ(model.kind, WL_DEVICE_CUDA);
  CHECK_EQ(model.ordinal, 0);
  CHECK(model.name[0] != '\0');
  CHECK(model.compute_major > 0);
  CHECK(model.compute_minor >= 0);
  if (is_fake()) {
    CHECK(strcmp(model.name, "Fake GPU") == 0);
    CHECK_EQ(model.compute_major, 9);
    CHECK_EQ(model.compute_minor, 0);
  }
  CHECK_STATUS(wl_device_get_model(WL_DEVICE_CUDA, 99, &model, &error), WL_STATUS_NOT_FOUND);
  CHECK_CONTAINS(error.message, "99");
  check_driver_is_clean();
}

TEST(cuda, optionsThatAreNotForGpusAreRefused) {
  wl_device_options options;
  NEEDS_GPU();
  wl_device_options_init(&options, sizeof options);
  options.kind = WL_DEVICE_CUDA;
  options.memory_bytes = DEVICE_BYTES;
  check_device_refused(&options, WL_STATUS_INVALID_ARGUMENT, "has the memory it has");
  options.memory_bytes = 0;
  options.shareable = 1;
  check_device_refused(&options, WL_STATUS_INVALID_ARGUMENT, "can be shared if its driver lets");
  options.shareable = 0;
  options.worker_threads = 65;
  check_device_refused(&options, WL_STATUS_INVALID_ARGUMENT, "65 worker threads");
  options.worker_threads = 0;
  options.ordinal = 99;
  check_device_refused(&options, WL_STATUS_NOT_FOUND, "99");
  options.ordinal = -1;
  check_device_refused(&options, WL_STATUS_NOT_FOUND, "-1");
  check_driver_is_clean();
}

/* Two cycles of the region with these bytes, which must come back, and can be read from the backup. */
static void check_cycles(wl_device device, wl_region region, const uint8_t* image) {
  uint8_t* const copy = malloc(SIZE);
  CHECK_OK(wl_region_write(region, 0, image, SIZE, NULL));
  CHECK_EQ(device_info(device).used_bytes, MAPPED);
  for (int i = 0; i < 2; ++i) {
    wl_pause_report paused;
    wl_resume_report resumed;
    wl_pause_report_init(&paused, sizeof paused);
    wl_resume_report_init(&resumed, sizeof resumed);
    CHECK_OK(wl_region_pause(region, &paused, NULL));
    CHECK_EQ(paused.saved_bytes, SIZE);
    CHECK_EQ(paused.freed_bytes, MAPPED);
    CHECK_EQ(device_info(device).used_bytes, 0);
    memset(copy, POISON, SIZE);
    CHECK_OK(wl_region_read_backup(region, 0, copy, SIZE, NULL));
    CHECK(memcmp(copy, image, SIZE) == 0);
    CHECK_OK(wl_region_resume(region, &resumed, NULL));
    CHECK_EQ(resumed.restored_bytes, SIZE);
    CHECK_EQ(resumed.taken_bytes, MAPPED);
    memset(copy, POISON, SIZE);
    CHECK_OK(wl_region_read(region, 0, copy, SIZE, NULL));
    CHECK(memcmp(copy, image, SIZE) == 0);
  }
  free(copy);
}

/* Regions with this backup, verified and compressed in each way. */
static void check_plan(const backup_plan* plan) {
  uint8_t* const image = malloc(SIZE);
  const places open = open_places(plan);
  const wl_device device = open_gpu(0);
  for (wl_compression compression = WL_COMPRESSION_NONE; compression <= WL_COMPRESSION_FP32; ++compression) {
    wl_region_options options = options_for(plan, &open);
    options.compression = compression;
    options.verify = compression == WL_COMPRESSION_NONE;
    const wl_region region = open_region_with(device, SIZE, &options);
    /* Half of it shrinks. */
    fill_noise(image, SIZE / 2, (uint64_t)compression);
    memset(image + SIZE / 2, 'w', SIZE - SIZE / 2);
    check_cycles(device, region, image);
    CHECK_OK(wl_region_close(region, NULL));
  }
  CHECK_OK(wl_device_close(device, NULL));
  close_places(&open);
  free(image);
  check_driver_is_clean();
}

TEST(cuda, bytesSurviveInPageableMemory) {
  NEEDS_GPU();
  check_plan(&plans[0]);
}

TEST(cuda, bytesSurviveInAPool) {
  NEEDS_GPU();
  check_plan(&plans[1]);
}

TEST(cuda, bytesSurviveInFiles) {
  NEEDS_GPU();
  check_plan(&plans[2]);
}

TEST(cuda, bytesSurviveInTiers) {
  NEEDS_GPU();
  check_plan(plan_over_all);
}

TEST(cuda, withoutBackupTheContentIsUndefined) {
  NEEDS_GPU();
  const wl_device device = open_gpu(0);
  const wl_region region = open_region(device, SIZE, WL_BACKUP_NONE, 0);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_EQ(device_info(device).used_bytes, 0);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_EQ(region_info(region).content_defined, 0);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  check_driver_is_clean();
}

TEST(cuda, moreThanTheGpuHasIsRefused) {
  wl_region region = 77;
  wl_error error;
  NEEDS_GPU();
  const wl_device device = open_gpu(0);
  CHECK_STATUS(wl_region_open(device, (uint64_t)1 << 44, NULL, &region, &error), WL_STATUS_NO_MEMORY);
  CHECK_CONTAINS(error.message, "16 TiB");
  CHECK_EQ(region, 77);
  CHECK_EQ(device_info(device).used_bytes, 0);
  CHECK_OK(wl_device_close(device, NULL));
  check_driver_is_clean();
}

TEST(cuda, aRegionIsExportedAndImported) {
  wl_export_name name;
  wl_export_piece pieces[5];
  wl_export exported = 0;
  wl_import imported = 0;
  uint64_t address = 0;
  uint64_t size_bytes = 0;
  NEEDS_GPU();
  const wl_device device = open_gpu(0);
  const wl_device again = open_gpu(0);
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  CHECK_OK(wl_export_open(region, &name, &exported, NULL));
  CHECK_EQ(name.pieces, 5);
  CHECK_EQ(name.size_bytes, MAPPED);
  for (uint32_t i = 0; i < 5; ++i) {
    CHECK_OK(wl_export_get_piece(exported, i, &pieces[i], NULL));
    CHECK((fcntl(pieces[i].descriptor, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK_OK(wl_import_open(again, pieces, 5, &address, &size_bytes, &imported, NULL));
  CHECK_EQ(size_bytes, MAPPED);
  CHECK(address != region_info(region).address);
  CHECK_EQ(device_info(again).used_bytes, MAPPED);
  for (int i = 0; i < 5; ++i) CHECK(close(pieces[i].descriptor) == 0);
  CHECK_OK(wl_export_check(exported, &name, NULL));
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_STATUS(wl_export_get_piece(exported, 0, &pieces[0], NULL), WL_STATUS_STATE);
  CHECK_STATUS(wl_export_check(exported, &name, NULL), WL_STATUS_STATE);
  CHECK_OK(wl_import_close(imported, NULL));
  CHECK_OK(wl_export_close(exported, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(again, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  check_driver_is_clean();
}

TEST(cuda, aPoolIsPinnedAndStaysSoAsItGrows) {
  wl_error error;
  NEEDS_GPU();
  const places open = open_places(&plans[1]);
  const wl_device device = open_gpu(0);
  const wl_device emulated = open_device();
  CHECK_OK(wl_page_pool_prepare(open.pool, 5 * GRANULE, NULL));
  CHECK_OK(wl_page_pool_pin(open.pool, device, NULL));
  CHECK_OK(wl_page_pool_wait_pinned(open.pool, NULL));
  CHECK_EQ(pool_info(open.pool).held_bytes, 5 * GRANULE);
  CHECK_EQ(pool_info(open.pool).pinned_bytes, 5 * GRANULE);
  const wl_region_options options = options_for(&plans[1], &open);
  const wl_region region = open_region_with(device, SIZE, &options);
  const uint64_t before = pageable_copies();
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_EQ(pageable_copies(), before);
  CHECK_EQ(pool_info(open.pool).lent_unpinned_bytes, 0);
  CHECK_OK(wl_page_pool_prepare(open.pool, 9 * GRANULE, NULL));
  CHECK_OK(wl_page_pool_wait_pinned(open.pool, NULL));
  CHECK_EQ(pool_info(open.pool).held_bytes, 9 * GRANULE);
  CHECK_EQ(pool_info(open.pool).pinned_bytes, 9 * GRANULE);
  CHECK_STATUS(wl_page_pool_pin(open.pool, emulated, &error), WL_STATUS_STATE);
  CHECK_CONTAINS(error.message, "pinned for");
  CHECK_OK(wl_page_pool_trim(open.pool, NULL));
  CHECK_EQ(pool_info(open.pool).held_bytes, 0);
  CHECK_EQ(pool_info(open.pool).pinned_bytes, 0);
  CHECK_EQ(pool_info(open.pool).quarantined_bytes, 0);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(emulated, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_EQ(live(WL_KIND_DEVICE), 1); /* the pool keeps the one that it pins for */
  close_places(&open);
  check_driver_is_clean();
}
