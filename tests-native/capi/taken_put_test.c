/* What a put is given and cannot take: each is refused before anything is put, with its place and the way out. */
#include "store_pair.h"

static void refuse(wl_store store, const wl_put_item* items, uint64_t count, const char* said) {
  wl_error error;
  CHECK_STATUS(wl_store_put(store, items, count, NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, said);
}

TEST(taken_put, arraysThatAreNotThereAreRefused) {
  const pair opened = open_pair();
  refuse(opened.store, NULL, 1, "the array of items is NULL");
  refuse(opened.store, NULL, UINT64_MAX, "the array of items is NULL");
  wl_put_item items[2] = {item_of("a", "bytes", 5), item_of("b", "bytes", 5)};
  items[1].key = NULL;
  refuse(opened.store, items, 2, "item 1");
  refuse(opened.store, items, 2, "its key is NULL");
  items[1] = item_of("b", "bytes", 5);
  items[1].attributes_bytes = 3;
  refuse(opened.store, items, 2, "its attributes are NULL");
  refuse(opened.store, items, UINT64_MAX, "at a time");
  const char* key = "a";
  const uint64_t key_bytes = 1;
  wl_entry_info info;
  CHECK_OK(wl_store_describe(opened.store, &key, &key_bytes, 1, &info, sizeof info, NULL));
  CHECK_EQ(info.kind, -1);
  close_pair(opened);
}

TEST(taken_put, aHandleOfAnotherKindIsNoBuffer) {
  const pair opened = open_pair();
  wl_error error;
  wl_put_item item = item_of("a", "bytes", 5);
  item.buffer = opened.store; /* a handle of another kind */
  CHECK_STATUS(put_one(opened.store, item, &error), WL_STATUS_WRONG_KIND);
  close_pair(opened);
}
