#define _POSIX_C_SOURCE 200809L

#include "windlass/device.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "fixture.h"

TEST(device, theDefaultsOpenTheEmulatedDevice) {
  wl_device device = 0;
  wl_device_info info;
  CHECK_OK(wl_device_open(NULL, &device, NULL));
  wl_device_info_init(&info, sizeof info);
  CHECK_OK(wl_device_get_info(device, &info, NULL));
  CHECK_EQ(info.kind, WL_DEVICE_EMULATED);
  CHECK_EQ(info.ordinal, 0);
  CHECK_EQ(info.host_accessible, 1);
  CHECK_EQ(info.granularity_bytes, GRANULE);
  CHECK(info.total_bytes > 0 && info.free_bytes <= info.total_bytes);
  CHECK_EQ(info.used_bytes, 0);
  CHECK_CONTAINS(info.name, "emulated");
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(device, theInitFunctionsFillDefaultsAndTheSize) {
  wl_device_options options;
  memset(&options, POISON, sizeof options);
  wl_device_options_init(&options, sizeof options);
  CHECK_EQ(options.struct_size, sizeof options);
  CHECK_EQ(options.kind, WL_DEVICE_EMULATED);
  CHECK_EQ(options.ordinal, 0);
  CHECK_EQ(options.worker_threads, 0);
  CHECK_EQ(options.memory_bytes, 0);
}

TEST(device, anInitFunctionWritesNoMoreThanItIsTold) {
  uint8_t memory[sizeof(wl_device_options) + 64];
  memset(memory, POISON, sizeof memory);
  wl_device_options_init((wl_device_options*)(void*)memory, 8);
  CHECK(is_poisoned(memory + 8, sizeof memory - 8));
  wl_device_options_init((wl_device_options*)(void*)memory, (uint32_t)sizeof memory);
  for (size_t i = sizeof(wl_device_options); i < sizeof memory; ++i) CHECK_EQ(memory[i], 0);
  memset(memory, POISON, sizeof memory);
  wl_device_options_init((wl_device_options*)(void*)memory, 0);
  wl_device_options_init((wl_device_options*)(void*)memory, 3);
  CHECK(is_poisoned(memory, sizeof memory));
  wl_device_options_init(NULL, sizeof(wl_device_options));
  wl_device_info_init(NULL, sizeof(wl_device_info));
}

TEST(device, optionsOfAWrongSizeAreRefused) {
  const uint32_t sizes[] = {0, 1, 4, sizeof(wl_device_options) - 1, UINT32_MAX};
  for (int i = 0; i < 5; ++i) {
    wl_device_options options;
    wl_device device = 77;
    wl_error error;
    wl_device_options_init(&options, sizeof options);
    options.struct_size = sizes[i];
    CHECK_STATUS(wl_device_open(&options, &device, &error), WL_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(error.message, "device options: struct_size");
    CHECK_EQ(device, 77);
  }
}

typedef struct newer_options {
  wl_device_options known;
  uint64_t later[4];
} newer_options;

TEST(device, optionsOfANewerCallerAreTakenWhileTheirTailIsZero) {
  newer_options options;
  wl_device device = 0;
  wl_error error;
  memset(&options, 0, sizeof options);
  wl_device_options_init(&options.known, sizeof options);
  CHECK_EQ(options.known.struct_size, sizeof options);
  CHECK_OK(wl_device_open(&options.known, &device, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  device = 77;
  options.later[3] = (uint64_t)1 << 63;
  CHECK_STATUS(wl_device_open(&options.known, &device, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "an option that this library does not know");
  CHECK_EQ(device, 77);
}

static void check_refused(const wl_device_options* options, wl_status expected, const char* part) {
  wl_device device = 77;
  wl_error error;
  memset(&error, POISON, sizeof error);
  if (CHECK_STATUS(wl_device_open(options, &device, &error), expected)) CHECK_CONTAINS(error.message, part);
  CHECK_EQ(device, 77);
}

TEST(device, aKindOrOrdinalThatDoesNotExistIsNotFound) {
  wl_device_options options;
  const int32_t kinds[] = {0, -1, 3, INT32_MAX};
  for (int i = 0; i < 4; ++i) {
    wl_device_options_init(&options, sizeof options);
    options.kind = kinds[i];
    check_refused(&options, WL_STATUS_NOT_FOUND, "no kind of device has number");
  }
  const int32_t ordinals[] = {1, -1, INT32_MIN};
  for (int i = 0; i < 3; ++i) {
    wl_device_options_init(&options, sizeof options);
    options.ordinal = ordinals[i];
    check_refused(&options, WL_STATUS_NOT_FOUND, "there is no emulated device number");
  }
}

TEST(device, devicesOfEachKindAreCounted) {
  int32_t count = 77;
  wl_error error;
  CHECK_OK(wl_device_count(WL_DEVICE_EMULATED, &count, NULL));
  CHECK_EQ(count, 1);
  /* A driver that fails is no answer; that there is none, is. */
  const wl_status counted = wl_device_count(WL_DEVICE_CUDA, &count, NULL);
  CHECK(counted == WL_STATUS_DEVICE || (counted == WL_STATUS_OK && count >= 0));
  count = 77;
  const int32_t kinds[] = {0, -1, 3, INT32_MAX};
  for (int i = 0; i < 4; ++i) {
    CHECK_STATUS(wl_device_count(kinds[i], &count, &error), WL_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(error.message, "no kind of device has number");
  }
  CHECK_EQ(count, 77);
  CHECK_STATUS(wl_device_count(WL_DEVICE_EMULATED, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "count is NULL");
}

TEST(device, aGpuWithoutADriverIsALibraryErrorThatSaysWhatToDo) {
  wl_device_options options;
  int32_t count = 77;
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver != NULL) {
    dlclose(driver);
    SKIP("there is a CUDA driver here");
  }
  wl_device_options_init(&options, sizeof options);
  options.kind = WL_DEVICE_CUDA;
  check_refused(&options, WL_STATUS_LIBRARY, "install the NVIDIA driver");
  check_refused(&options, WL_STATUS_LIBRARY, "or use the emulated device");
  CHECK_OK(wl_device_count(WL_DEVICE_CUDA, &count, NULL));
  CHECK_EQ(count, 0);
}

TEST(device, shareableTakesZeroOrOne) {
  wl_device_options options;
  wl_device_options_init(&options, sizeof options);
  options.shareable = 2;
  check_refused(&options, WL_STATUS_INVALID_ARGUMENT, "shareable takes 0 or 1");
  options.shareable = -1;
  check_refused(&options, WL_STATUS_INVALID_ARGUMENT, "shareable takes 0 or 1");
}

TEST(device, optionsOutOfRangeAreRefused) {
  wl_device_options options;
  wl_device_options_init(&options, sizeof options);
  options.worker_threads = 65;
  check_refused(&options, WL_STATUS_INVALID_ARGUMENT, "65 worker threads");
  options.worker_threads = UINT32_MAX;
  check_refused(&options, WL_STATUS_INVALID_ARGUMENT, "worker threads");
  options.worker_threads = 0;
  options.memory_bytes = GRANULE - 1;
  check_refused(&options, WL_STATUS_INVALID_ARGUMENT, "2 MiB");
}

TEST(device, nullPointersAreRefused) {
  wl_error error;
  wl_device device = open_device();
  CHECK_STATUS(wl_device_open(NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "device is NULL");
  CHECK_STATUS(wl_device_get_info(device, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "device info is NULL");
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(device, anInfoOfAWrongSizeIsRefusedAndOneOfANewerCallerIsFilledAsFarAsKnown) {
  struct {
    wl_device_info known;
    uint64_t later;
  } info;
  const wl_device device = open_device();
  memset(&info, POISON, sizeof info);
  info.known.struct_size = sizeof info.known - 1;
  CHECK_STATUS(wl_device_get_info(device, &info.known, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK(is_poisoned((const char*)&info + 4, sizeof info - 4));
  info.known.struct_size = sizeof info;
  CHECK_OK(wl_device_get_info(device, &info.known, NULL));
  CHECK_EQ(info.known.total_bytes, DEVICE_BYTES);
  CHECK_EQ(info.known.struct_size, sizeof info);
  CHECK(is_poisoned(&info.later, sizeof info.later));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(device, theEmulatedOnesModelHasNoComputeCapability) {
  wl_device_model model;
  wl_error error;
  wl_device_model_init(&model, sizeof model);
  CHECK_OK(wl_device_get_model(WL_DEVICE_EMULATED, 0, &model, &error));
  CHECK_EQ(model.kind, WL_DEVICE_EMULATED);
  CHECK(strcmp(model.name, "emulated") == 0);
  CHECK_EQ(model.compute_major, 0);
  CHECK_EQ(model.compute_minor, 0);
  CHECK_STATUS(wl_device_get_model(WL_DEVICE_EMULATED, 1, &model, &error), WL_STATUS_NOT_FOUND);
  CHECK_STATUS(wl_device_get_model(7, 0, &model, &error), WL_STATUS_NOT_FOUND);
  CHECK_CONTAINS(error.message, "no kind of device has number 7");
  CHECK_STATUS(wl_device_get_model(WL_DEVICE_EMULATED, 0, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  model.struct_size = 8;
  CHECK_STATUS(wl_device_get_model(WL_DEVICE_EMULATED, 0, &model, &error), WL_STATUS_INVALID_ARGUMENT);
}

TEST(device, aClosedHandleIsStale) {
  wl_device_info info;
  wl_error error;
  const wl_device device = open_device();
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_STATUS(wl_device_close(device, &error), WL_STATUS_STALE_HANDLE);
  wl_device_info_init(&info, sizeof info);
  CHECK_STATUS(wl_device_get_info(device, &info, &error), WL_STATUS_STALE_HANDLE);
  CHECK_EQ(info.total_bytes, 0);
  const wl_device again = open_device();
  CHECK(again != device);
  CHECK_STATUS(wl_device_close(device, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_device_close(again, NULL));
}

TEST(device, handlesOfOtherKindsAndForgedOnesAreRefused) {
  wl_device_info info;
  wl_error error;
  wl_log log = 0;
  CHECK_OK(wl_log_open(NULL, &log, NULL));
  wl_device_info_init(&info, sizeof info);
  CHECK_STATUS(wl_device_get_info(log, &info, &error), WL_STATUS_WRONG_KIND);
  CHECK_CONTAINS(error.message, "names a log, where a device is wanted");
  CHECK_STATUS(wl_device_close(log, NULL), WL_STATUS_WRONG_KIND);
  const wl_device forged[] = {0, 1, UINT64_MAX, forged_handle(WL_KIND_DEVICE), forged_handle(200)};
  for (int i = 0; i < 5; ++i) {
    CHECK_STATUS(wl_device_get_info(forged[i], &info, NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_device_close(forged[i], NULL), WL_STATUS_STALE_HANDLE);
  }
  CHECK_OK(wl_log_close(log, NULL));
}

static void* close_device(void* handle) {
  const wl_status status = wl_device_close(*(const wl_device*)handle, NULL);
  return (void*)(intptr_t)status;
}

TEST(device, ofTwoClosesAtOnceOneSucceeds) {
  for (int round = 0; round < 200; ++round) {
    wl_device device = open_device();
    pthread_t threads[2];
    void* results[2];
    for (int i = 0; i < 2; ++i) CHECK(pthread_create(&threads[i], NULL, close_device, &device) == 0);
    for (int i = 0; i < 2; ++i) CHECK(pthread_join(threads[i], &results[i]) == 0);
    const intptr_t first = (intptr_t)results[0];
    const intptr_t second = (intptr_t)results[1];
    CHECK((first == WL_STATUS_OK && second == WL_STATUS_STALE_HANDLE) ||
          (first == WL_STATUS_STALE_HANDLE && second == WL_STATUS_OK));
  }
}
