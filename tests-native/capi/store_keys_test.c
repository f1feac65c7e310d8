/* What stores say of keys, conditions, and arguments that cannot be. */
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "store_pair.h"
#include "windlass/lease.h"

TEST(store, conditionsRemovalsAndMissingKeys) {
  const pair opened = open_pair();
  wl_put_options options;
  wl_put_report report;
  wl_error error;
  wl_condition condition = {"state", 5, 0};
  const char* removals[] = {"old"};
  const uint64_t removal_bytes[] = {3};
  const wl_put_item item = item_of("state", "new", 3);
  CHECK_OK(put_one(opened.store, item_of("old", "x", 1), NULL));
  wl_put_options_init(&options, sizeof options);
  options.conditions = &condition;
  options.condition_count = 1;
  options.removals = removals;
  options.removal_bytes = removal_bytes;
  options.removal_count = 1;
  options.timeout_ns = 30000000000ULL;
  wl_put_report_init(&report, sizeof report);
  CHECK_OK(wl_store_put(opened.store, &item, 1, &options, &report, NULL));
  CHECK_STATUS(wl_store_put(opened.store, &item, 1, &options, NULL, &error), WL_STATUS_CONFLICT);

  const char* keys[] = {"old", "state"};
  const uint64_t key_bytes[] = {3, 5};
  wl_acquire_options acquire;
  wl_lease lease = 77;
  CHECK_STATUS(wl_store_acquire(opened.store, keys, key_bytes, 2, NULL, &lease, &error), WL_STATUS_NOT_FOUND);
  CHECK_CONTAINS(error.message, "old");
  CHECK_EQ(lease, 77);
  wl_acquire_options_init(&acquire, sizeof acquire);
  acquire.skip_missing = 1;
  condition.version = report.version;
  acquire.conditions = &condition;
  acquire.condition_count = 1;
  CHECK_OK(wl_store_acquire(opened.store, keys, key_bytes, 2, &acquire, &lease, NULL));
  wl_entry entries[2];
  uint64_t count = 0;
  CHECK_OK(wl_lease_get_entries(lease, entries, sizeof entries[0], 2, &count, NULL));
  CHECK_EQ(count, 2);
  CHECK_EQ(entries[0].kind, -1);
  CHECK_EQ(entries[1].kind, WL_ENTRY_BYTES);
  CHECK_EQ(entries[1].item, 1);
  CHECK_OK(wl_lease_close(lease, NULL));
  condition.version += 1;
  CHECK_STATUS(wl_store_acquire(opened.store, keys, key_bytes, 2, &acquire, &lease, &error), WL_STATUS_CONFLICT);
  close_pair(opened);
}

TEST(store, keysAreListedDescribedPinnedAndRemoved) {
  const pair opened = open_pair();
  const char* all[] = {"a", "a/b", "a/b/c", "a/bc", "b"};
  const uint64_t lengths[] = {1, 3, 5, 4, 1};
  static char names[4097];
  uint64_t count = 77;
  int32_t more = 77;
  wl_error error;
  for (int i = 0; i < 5; ++i) CHECK_OK(put_one(opened.store, item_of(all[i], "x", 1), NULL));
  CHECK_OK(wl_store_list_keys(opened.store, "a", 0, NULL, names, sizeof names, &count, &more, NULL));
  CHECK_EQ(count, 4);
  CHECK_EQ(more, 0);
  CHECK_EQ(memcmp(names, "a\0a/b\0a/b/c\0a/bc\0", 17), 0);
  CHECK_OK(wl_store_list_keys(opened.store, "a/b", 1, "", names, sizeof names, &count, &more, NULL));
  CHECK_EQ(count, 2);
  CHECK_OK(wl_store_list_keys(opened.store, NULL, 0, "a/b/c", names, sizeof names, &count, &more, NULL));
  CHECK_EQ(count, 2);
  CHECK_EQ(memcmp(names, "a/bc\0b\0", 7), 0);
  CHECK_STATUS(wl_store_list_keys(opened.store, "", 0, "", names, 4096, &count, &more, &error),
               WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_list_keys(opened.store, "", 2, "", names, sizeof names, &count, &more, &error),
               WL_STATUS_INVALID_ARGUMENT);

  CHECK_OK(wl_store_pin(opened.store, all, lengths, 2, 1, NULL));
  wl_entry_info infos[5];
  CHECK_OK(wl_store_describe(opened.store, all, lengths, 5, infos, sizeof infos[0], NULL));
  CHECK_EQ(infos[1].pinned, 1);
  CHECK_EQ(infos[2].pinned, 0);
  CHECK_EQ(infos[4].bytes, 1);
  uint64_t removed = 77;
  CHECK_OK(wl_store_remove(opened.store, all, lengths, 3, 1, &removed, NULL));
  CHECK_EQ(removed, 3);
  CHECK_STATUS(wl_store_remove(opened.store, all, lengths, 5, 1, &removed, &error), WL_STATUS_NOT_FOUND);
  CHECK_OK(wl_store_remove(opened.store, all, lengths, 5, 0, &removed, NULL));
  CHECK_EQ(removed, 2);
  CHECK_STATUS(wl_store_pin(opened.store, all, lengths, 1, 1, &error), WL_STATUS_NOT_FOUND);
  close_pair(opened);
}

TEST(store, aListingThatDoesNotFitGoesOn) {
  const pair opened = open_pair();
  static char key[4001];
  static char names[8200];
  uint64_t count = 0;
  int32_t more = 0;
  memset(key, 'k', 4000);
  for (int i = 0; i < 5; ++i) {
    key[0] = (char)('a' + i);
    CHECK_OK(put_one(opened.store, item_of(key, "x", 1), NULL));
  }
  uint64_t listed = 0;
  char after[4097] = "";
  do {
    CHECK_OK(wl_store_list_keys(opened.store, "", 0, after, names, sizeof names, &count, &more, NULL));
    CHECK(count <= 2);
    if (count == 0) break;
    listed += count;
    memcpy(after, names + 4001 * (count - 1), 4001);
  } while (more != 0);
  CHECK_EQ(listed, 5);
  close_pair(opened);
}

TEST(store, nullAndOddArgumentsAreRefused) {
  const pair opened = open_pair();
  const char* key = "key";
  const char* no_key = NULL;
  const uint64_t key_bytes = 3;
  wl_error error;
  wl_store store = 77;
  wl_lease lease = 77;
  wl_store_options options;
  CHECK_STATUS(wl_store_open(NULL, NULL, &store, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_open("shm://x", NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_open("local", NULL, &store, &error), WL_STATUS_INVALID_ARGUMENT);
  wl_store_options_init(&options, sizeof options);
  options.transport = 9;
  CHECK_STATUS(wl_store_open_local(opened.volume, &options, &store, &error), WL_STATUS_INVALID_ARGUMENT);
  options.transport = WL_TRANSPORT_TCP;
  CHECK_STATUS(wl_store_open_local(opened.volume, &options, &store, &error), WL_STATUS_UNSUPPORTED);
  options.transport = WL_TRANSPORT_AUTO;
  options.lanes = 65;
  CHECK_STATUS(wl_store_open_local(opened.volume, &options, &store, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(store, 77);
  CHECK_STATUS(wl_store_put(opened.store, NULL, 1, NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_put(opened.store, NULL, 0, NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  wl_put_item item = item_of("key", "x", 1);
  item.key = NULL;
  CHECK_STATUS(put_one(opened.store, item, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "item 0");
  item = item_of("key", NULL, 1);
  CHECK_STATUS(put_one(opened.store, item, &error), WL_STATUS_INVALID_ARGUMENT);
  item = item_of("key", "x", 1);
  item.rank = 1;
  CHECK_STATUS(put_one(opened.store, item, &error), WL_STATUS_INVALID_ARGUMENT);
  item.rank = 17;
  CHECK_STATUS(put_one(opened.store, item, &error), WL_STATUS_INVALID_ARGUMENT);
  item = item_of("key", "x", 1);
  item.attributes_bytes = 1;
  CHECK_STATUS(put_one(opened.store, item, &error), WL_STATUS_INVALID_ARGUMENT);
  item = item_of("key", "x", 1);
  item.buffer = opened.store;
  CHECK_STATUS(put_one(opened.store, item, &error), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_store_acquire(opened.store, &no_key, &key_bytes, 1, NULL, &lease, &error),
               WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_acquire(opened.store, &key, NULL, 1, NULL, &lease, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_acquire(opened.store, NULL, NULL, 0, NULL, &lease, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_store_acquire(opened.store, &key, &key_bytes, 1, NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(lease, 77);
  close_pair(opened);
}
