#include "fake_driver.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "check.h"
#include "fake/libcuda/fake_cuda.h"

/* A function of the driver, or NULL where it is not the fake one. */
static void* find(const char* name) {
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (library == NULL) return NULL;
  void* const found = dlsym(library, name);
  dlclose(library); /* its users keep it */
  return found;
}

int has_gpu(void) {
  int32_t count = 0;
  CHECK_OK(wl_device_count(WL_DEVICE_CUDA, &count, NULL));
  return count > 0;
}

int is_fake(void) { return find("fake_cuda_get_live") != NULL; }

uint64_t pageable_copies(void) {
  void* const found = find("fake_cuda_pageable_copies");
  uint64_t (*ask)(void) = NULL;
  if (found == NULL) return 0;
  memcpy(&ask, &found, sizeof ask);
  return ask();
}

static void check_violations(void) {
  char text[1024] = "";
  void* const found = find("fake_cuda_violations");
  size_t (*ask)(char*, size_t) = NULL;
  if (found == NULL) return;
  memcpy(&ask, &found, sizeof ask);
  if (ask(text, sizeof text) != 0) check_failed(__FILE__, __LINE__, "the driver's rules were broken: %s", text);
}

void check_driver_is_clean(void) {
  struct fake_cuda_live live;
  void* const found = find("fake_cuda_get_live");
  void (*ask)(struct fake_cuda_live*) = NULL;
  check_violations();
  if (found == NULL) return;
  memcpy(&ask, &found, sizeof ask);
  ask(&live);
  CHECK_EQ(live.contexts, 0);
  CHECK_EQ(live.reservations, 0);
  CHECK_EQ(live.handles, 0);
  CHECK_EQ(live.mappings, 0);
  CHECK_EQ(live.streams, 0);
  CHECK_EQ(live.events, 0);
  CHECK_EQ(live.registrations, 0);
  CHECK_EQ(live.used_bytes, 0);
  CHECK_EQ(live.stack_depth, 0);
}
