/* The manners that every call shares: sizes of structs, and messages of any length. */
#include <string.h>

#include "check.h"
#include "fixture.h"

typedef void (*init_function)(void* target, uint32_t struct_size);

static void init_device_options(void* target, uint32_t size) { wl_device_options_init(target, size); }
static void init_device_info(void* target, uint32_t size) { wl_device_info_init(target, size); }
static void init_device_model(void* target, uint32_t size) { wl_device_model_init(target, size); }
static void init_feature_info(void* target, uint32_t size) { wl_feature_info_init(target, size); }
static void init_log_options(void* target, uint32_t size) { wl_log_options_init(target, size); }
static void init_log_record(void* target, uint32_t size) { wl_log_record_init(target, size); }
static void init_page_pool_options(void* target, uint32_t size) { wl_page_pool_options_init(target, size); }
static void init_page_pool_info(void* target, uint32_t size) { wl_page_pool_info_init(target, size); }
static void init_region_options(void* target, uint32_t size) { wl_region_options_init(target, size); }
static void init_region_info(void* target, uint32_t size) { wl_region_info_init(target, size); }
static void init_pause_report(void* target, uint32_t size) { wl_pause_report_init(target, size); }
static void init_resume_report(void* target, uint32_t size) { wl_resume_report_init(target, size); }

static const struct {
  init_function init;
  uint32_t size;
} inits[] = {
    {init_device_options, sizeof(wl_device_options)}, {init_device_info, sizeof(wl_device_info)},
    {init_feature_info, sizeof(wl_feature_info)},     {init_log_options, sizeof(wl_log_options)},
    {init_log_record, sizeof(wl_log_record)},         {init_page_pool_options, sizeof(wl_page_pool_options)},
    {init_page_pool_info, sizeof(wl_page_pool_info)}, {init_region_options, sizeof(wl_region_options)},
    {init_region_info, sizeof(wl_region_info)},       {init_pause_report, sizeof(wl_pause_report)},
    {init_resume_report, sizeof(wl_resume_report)},   {init_device_model, sizeof(wl_device_model)},
};

TEST(guard, everyInitFunctionSetsTheSizeAndWritesNoMoreThanIt) {
  for (size_t i = 0; i < sizeof inits / sizeof inits[0]; ++i) {
    union {
      uint32_t struct_size;
      uint8_t bytes[1024];
    } memory;
    for (uint32_t size = 4; size <= inits[i].size + 64; ++size) {
      memset(&memory, POISON, sizeof memory);
      inits[i].init(&memory, size);
      CHECK_EQ(memory.struct_size, size);
      CHECK(is_poisoned(memory.bytes + size, sizeof memory - size));
    }
    inits[i].init(NULL, inits[i].size);
  }
}

TEST(guard, anInitFunctionWithAnAbsurdSizeTouchesNoMemoryBeyondTheStruct) {
  union {
    uint32_t struct_size;
    uint8_t bytes[1024];
  } memory;
  for (size_t i = 0; i < sizeof inits / sizeof inits[0]; ++i) {
    memset(&memory, POISON, sizeof memory);
    inits[i].init(&memory, UINT32_MAX);
    CHECK(is_poisoned(memory.bytes + inits[i].size, sizeof memory - inits[i].size));
  }
}

TEST(guard, messagesFitTheirFieldWhateverTheNumbers) {
  wl_error error;
  wl_region region = 0;
  const wl_device device = open_device();
  CHECK_OK(wl_region_open(device, GRANULE, NULL, &region, NULL));
  memset(&error, POISON, sizeof error);
  CHECK_STATUS(wl_region_read(region, UINT64_MAX, &error, UINT64_MAX, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK(memchr(error.message, '\0', sizeof error.message) != NULL);
  CHECK_CONTAINS(error.message, "18446744073709551615");
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}
