#include "windlass/offer.h"

#include "check.h"
#include "store_pair.h"

static char bytes[200000];

static wl_offer offered(wl_volume volume, const char* key) {
  const wl_put_item item = item_of(key, bytes, sizeof bytes);
  wl_offer offer = 0;
  CHECK_OK(wl_volume_offer(volume, &item, 1, NULL, &offer, NULL));
  return offer;
}

static wl_offer_info info_of(wl_offer offer) {
  wl_offer_info info;
  wl_offer_info_init(&info, sizeof info);
  CHECK_OK(wl_offer_get_info(offer, &info, NULL));
  return info;
}

TEST(offer, isReadUpdatedAndClosed) {
  const pair opened = open_pair();
  memset(bytes, 1, sizeof bytes);
  const wl_offer offer = offered(opened.volume, "key");
  wl_entry entry;
  wl_lease lease = lease_of(opened.store, "key", &entry);
  CHECK_EQ(entry.bytes, sizeof bytes);
  static char got[sizeof bytes];
  const wl_read read = {0, 0, sizeof got, got};
  CHECK_OK(wl_lease_read(lease, &read, 1, 0, NULL));
  CHECK(memcmp(got, bytes, sizeof bytes) == 0);
  const void* address = NULL;
  wl_error error;
  CHECK_STATUS(wl_lease_map(lease, 0, &address, &error), WL_STATUS_UNSUPPORTED);
  CHECK_EQ(info_of(offer).readers, 1);
  CHECK_STATUS(wl_offer_begin_update(offer, 0, 0, &error), WL_STATUS_TIMEOUT);
  CHECK_CONTAINS(error.message, "is being read by");
  CHECK_OK(wl_offer_begin_update(offer, 0, 1, NULL));
  CHECK_STATUS(wl_lease_read(lease, &read, 1, 0, &error), WL_STATUS_STATE);
  CHECK_OK(wl_lease_close(lease, NULL));
  CHECK_EQ(info_of(offer).state, WL_OFFER_UPDATING);
  memset(bytes, 2, sizeof bytes);
  uint64_t version = 0;
  CHECK_OK(wl_offer_publish(offer, &version, NULL));
  CHECK_EQ(info_of(offer).version, version);
  CHECK_EQ(info_of(offer).taken_back, 1);
  CHECK_OK(wl_offer_close(offer, 0, NULL));
  CHECK_STATUS(wl_offer_close(offer, 0, &error), WL_STATUS_STALE_HANDLE);
  close_pair(opened);
}

TEST(offer, nullAndOddArgumentsAreRefused) {
  const pair opened = open_pair();
  wl_error error;
  wl_offer offer = 0;
  wl_put_item item = item_of("key", bytes, sizeof bytes);
  CHECK_STATUS(wl_volume_offer(opened.volume, &item, 1, NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_volume_offer(opened.volume, NULL, 1, NULL, &offer, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_volume_offer(opened.volume, &item, 0, NULL, &offer, &error), WL_STATUS_INVALID_ARGUMENT);
  item.data = NULL;
  CHECK_STATUS(wl_volume_offer(opened.volume, &item, 1, NULL, &offer, &error), WL_STATUS_INVALID_ARGUMENT);
  item.data = bytes;
  item.rank = 17;
  CHECK_STATUS(wl_volume_offer(opened.volume, &item, 1, NULL, &offer, &error), WL_STATUS_INVALID_ARGUMENT);
  item.rank = 0;
  wl_offer_options options;
  wl_offer_options_init(&options, sizeof options);
  options.region_count = 1;
  CHECK_STATUS(wl_volume_offer(opened.volume, &item, 1, &options, &offer, &error), WL_STATUS_INVALID_ARGUMENT);
  const wl_region region = 7;
  options.regions = &region;
  CHECK_STATUS(wl_volume_offer(opened.volume, &item, 1, &options, &offer, &error), WL_STATUS_STALE_HANDLE);
  offer = offered(opened.volume, "key");
  CHECK_STATUS(wl_offer_begin_update(offer, 0, 2, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_offer_publish(offer, NULL, &error), WL_STATUS_STATE);
  CHECK_STATUS(wl_offer_get_info(offer, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_offer_publish(opened.store, NULL, &error), WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_offer_close(offer, 0, NULL));
  close_pair(opened);
}
