/* A volume of this process and a store over it, and puts and leases of one value. */
#ifndef WINDLASS_TESTS_CAPI_STORE_PAIR_H
#define WINDLASS_TESTS_CAPI_STORE_PAIR_H

#include <string.h>

#include "check.h"
#include "fixture.h"
#include "windlass/store.h"

typedef struct pair {
  wl_volume volume;
  wl_store store;
} pair;

static inline pair open_pair(void) {
  pair opened = {0, 0};
  wl_volume_options options;
  wl_volume_options_init(&options, sizeof options);
  options.limit_bytes = 64 * MIB;
  options.segment_bytes = 8 * MIB;
  CHECK_OK(wl_volume_open(&options, &opened.volume, NULL));
  CHECK_OK(wl_store_open_local(opened.volume, NULL, &opened.store, NULL));
  return opened;
}

static inline void close_pair(pair opened) {
  CHECK_OK(wl_store_close(opened.store, NULL));
  CHECK_OK(wl_volume_close(opened.volume, NULL));
}

static inline wl_put_item item_of(const char* key, const void* data, uint64_t bytes) {
  wl_put_item item;
  memset(&item, 0, sizeof item);
  item.key = key;
  item.key_bytes = strlen(key);
  item.data = data;
  item.bytes = bytes;
  return item;
}

static inline wl_status put_one(wl_store store, wl_put_item item, wl_error* error) {
  return wl_store_put(store, &item, 1, NULL, NULL, error);
}

/* Leases one key; the lease's only entry. */
static inline wl_lease lease_of(wl_store store, const char* key, wl_entry* entry) {
  const uint64_t key_bytes = strlen(key);
  wl_lease lease = 0;
  uint64_t count = 0;
  CHECK_OK(wl_store_acquire(store, &key, &key_bytes, 1, NULL, &lease, NULL));
  if (lease == 0) return lease;
  CHECK_OK(wl_lease_get_entries(lease, entry, sizeof *entry, 1, &count, NULL));
  CHECK_EQ(count, 1);
  return lease;
}

#endif
