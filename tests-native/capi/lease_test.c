#include "windlass/lease.h"

#include "check.h"
#include "store_pair.h"

TEST(lease, nullAndOddArgumentsAreRefused) {
  const pair opened = open_pair();
  wl_error error;
  uint64_t count = 77;
  CHECK_OK(put_one(opened.store, item_of("key", "x", 1), NULL));
  wl_entry entry;
  const wl_lease valid = lease_of(opened.store, "key", &entry);
  const void* address = NULL;
  wl_slice slice;
  wl_read read = {0, 0, 1, NULL};
  CHECK_STATUS(wl_lease_get_entries(valid, &entry, 4, 1, &count, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_get_entries(valid, NULL, sizeof entry, 1, &count, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(count, 77);
  CHECK_STATUS(wl_lease_get_attributes(valid, 1, &address, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_map(valid, 1, &address, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_map(valid, 0, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_get_slice(valid, 0, &slice, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_read(valid, &read, 1, 0, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_read(valid, NULL, 1, 0, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_read_slice(valid, 0, 17, NULL, NULL, NULL, 0, 0, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_lease_read_slice(valid, 0, 1, NULL, NULL, NULL, 0, 0, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_lease_read(valid, NULL, 0, 0, NULL));
  CHECK_OK(wl_lease_close(valid, NULL));
  CHECK_STATUS(wl_lease_close(valid, &error), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_lease_map(valid, 0, &address, &error), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_lease_map(opened.store, 0, &address, &error), WL_STATUS_WRONG_KIND);
  close_pair(opened);
}
