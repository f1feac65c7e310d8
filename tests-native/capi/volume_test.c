#include "windlass/volume.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "places.h"
#include "windlass/store.h"

static wl_volume open_volume(void) {
  wl_volume_options options;
  wl_volume volume = 0;
  wl_volume_options_init(&options, sizeof options);
  options.limit_bytes = 64 * MIB;
  options.segment_bytes = 8 * MIB;
  CHECK_OK(wl_volume_open(&options, &volume, NULL));
  return volume;
}

static wl_volume_info volume_info(wl_volume volume) {
  wl_volume_info info;
  wl_volume_info_init(&info, sizeof info);
  CHECK_OK(wl_volume_get_info(volume, &info, NULL));
  return info;
}

static wl_status put_text(wl_store store, const char* key, const char* value, wl_error* error) {
  wl_put_item item;
  memset(&item, 0, sizeof item);
  item.key = key;
  item.key_bytes = strlen(key);
  item.data = value;
  item.bytes = strlen(value);
  return wl_store_put(store, &item, 1, NULL, NULL, error);
}

TEST(volume, theDefaultsRefuseAndTakeHalf) {
  wl_volume_options options;
  wl_listen_options listen;
  memset(&options, POISON, sizeof options);
  memset(&listen, POISON, sizeof listen);
  wl_volume_options_init(&options, sizeof options);
  wl_listen_options_init(&listen, sizeof listen);
  CHECK_EQ(options.struct_size, sizeof options);
  CHECK_EQ(options.eviction, WL_EVICTION_NONE);
  CHECK_EQ(options.limit_bytes, 0);
  CHECK_EQ(options.segment_bytes, 0);
  CHECK_EQ(options.prepared_bytes, 0);
  CHECK_EQ(listen.most_clients, 4096);
  CHECK(listen.secret == NULL);
  CHECK_EQ(listen.slow_timeout_ns, 10000000000ULL);
  wl_volume_options_init(NULL, sizeof options);
  wl_listen_options_init(NULL, sizeof listen);
  wl_volume_info_init(NULL, sizeof(wl_volume_info));
}

TEST(volume, aFreshOneIsEmptyAndTellsItsLimit) {
  const wl_volume volume = open_volume();
  const wl_volume other = open_volume();
  CHECK_EQ(live(WL_KIND_VOLUME), 2);
  const wl_volume_info info = volume_info(volume);
  CHECK_EQ(info.limit_bytes, 64 * MIB);
  CHECK_EQ(info.entries, 0);
  CHECK_EQ(info.used_bytes, 0);
  CHECK_EQ(info.sessions, 0);
  CHECK(info.nonce != 0);
  CHECK(info.nonce != volume_info(other).nonce);
  CHECK_OK(wl_volume_close(volume, NULL));
  CHECK_OK(wl_volume_close(other, NULL));
}

TEST(volume, preparedMemoryIsHeldFromTheStart) {
  wl_volume_options options;
  wl_volume volume = 0;
  wl_volume_options_init(&options, sizeof options);
  options.limit_bytes = 64 * MIB;
  options.segment_bytes = 8 * MIB;
  options.prepared_bytes = 16 * MIB;
  CHECK_OK(wl_volume_open(&options, &volume, NULL));
  CHECK(volume_info(volume).held_bytes >= 16 * MIB);
  CHECK_OK(wl_volume_close(volume, NULL));
}

TEST(volume, evictionMakesRoomAndRefusalDoesNot) {
  char* bytes = calloc(1, 4 * MIB);
  for (int evicts = 0; evicts < 2; ++evicts) {
    wl_volume_options options;
    wl_volume volume = 0;
    wl_store store = 0;
    wl_volume_options_init(&options, sizeof options);
    options.limit_bytes = 16 * MIB;
    options.segment_bytes = 8 * MIB;
    options.eviction = evicts ? WL_EVICTION_LRU : WL_EVICTION_NONE;
    CHECK_OK(wl_volume_open(&options, &volume, NULL));
    CHECK_OK(wl_store_open_local(volume, NULL, &store, NULL));
    wl_status last = WL_STATUS_OK;
    for (int i = 0; i < 8 && last == WL_STATUS_OK; ++i) {
      const char key[2] = {(char)('a' + i), 0};
      wl_put_item item;
      memset(&item, 0, sizeof item);
      item.key = key;
      item.key_bytes = 1;
      item.data = bytes;
      item.bytes = 4 * MIB;
      last = wl_store_put(store, &item, 1, NULL, NULL, NULL);
    }
    CHECK_EQ(last, evicts ? WL_STATUS_OK : WL_STATUS_NO_SPACE);
    CHECK_EQ(volume_info(volume).evictions != 0, evicts);
    CHECK_EQ(volume_info(volume).refusals != 0, !evicts);
    CHECK_OK(wl_store_close(store, NULL));
    CHECK_OK(wl_volume_close(volume, NULL));
  }
  free(bytes);
}

TEST(volume, itLetsClientsInWhereItListens) {
  char directory[PATH_BYTES];
  char address[PATH_BYTES + 16];
  char uris[2][WL_URI_BYTES];
  wl_listen_options listen;
  wl_error error;
  make_directory(directory);
  strcpy(address, "shm://");
  strcat(address, directory);
  strcat(address, "/socket");
  wl_listen_options_init(&listen, sizeof listen);
  listen.secret = "sixteen bytes or more";
  const wl_volume volume = open_volume();
  CHECK_OK(wl_volume_listen(volume, address, NULL, uris[0], sizeof uris[0], NULL));
  CHECK_OK(wl_volume_listen(volume, "tcp://127.0.0.1:0", &listen, uris[1], sizeof uris[1], NULL));
  CHECK_EQ(strcmp(uris[0], address), 0);
  CHECK_CONTAINS(uris[1], "tcp://127.0.0.1:");
  for (int i = 0; i < 2; ++i) {
    wl_store store = 0;
    wl_store_options options;
    wl_store_info info;
    wl_store_options_init(&options, sizeof options);
    options.secret = listen.secret;
    options.transport = i == 0 ? WL_TRANSPORT_SHM : WL_TRANSPORT_TCP;
    CHECK_OK(wl_store_open(uris[i], &options, &store, NULL));
    CHECK_OK(put_text(store, "key", "value", NULL));
    wl_store_info_init(&info, sizeof info);
    CHECK_OK(wl_store_get_info(store, &info, NULL));
    CHECK_EQ(info.transport, options.transport);
    CHECK_EQ(info.volume_nonce, volume_info(volume).nonce);
    CHECK_EQ(info.connections, 1);
    CHECK_EQ(info.written_bytes, 5);
    CHECK(info.reason[0] != 0);
    CHECK_EQ(volume_info(volume).sessions, 1);
    CHECK_OK(wl_store_close(store, NULL));
  }
  wl_store store = 77;
  CHECK_STATUS(wl_store_open(uris[1], NULL, &store, &error), WL_STATUS_PERMISSION);
  CHECK_EQ(store, 77);
  CHECK_OK(wl_volume_close(volume, NULL));
  CHECK_STATUS(wl_store_open(uris[0], NULL, &store, &error), WL_STATUS_UNAVAILABLE);
  remove_directory(directory);
}

TEST(volume, addressesThatCannotBeAreRefused) {
  wl_error error;
  char uri[WL_URI_BYTES];
  const wl_volume volume = open_volume();
  CHECK_STATUS(wl_volume_listen(volume, NULL, NULL, NULL, 0, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "address is NULL");
  CHECK_STATUS(wl_volume_listen(volume, "nowhere", NULL, NULL, 0, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_volume_listen(volume, "tcp://0.0.0.0:0", NULL, NULL, 0, &error), WL_STATUS_PERMISSION);
  CHECK_STATUS(wl_volume_listen(volume, "tcp://127.0.0.1:0", NULL, uri, 8, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "room for 8 bytes");
  CHECK_OK(wl_volume_close(volume, NULL));
}

TEST(volume, optionsThatCannotBeAreRefused) {
  wl_volume_options options;
  wl_volume volume = 77;
  wl_error error;
  wl_volume_options_init(&options, sizeof options);
  options.eviction = 2;
  CHECK_STATUS(wl_volume_open(&options, &volume, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "number 2");
  wl_volume_options_init(&options, sizeof options);
  options.struct_size = 4;
  CHECK_STATUS(wl_volume_open(&options, &volume, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(volume, 77);
  CHECK_STATUS(wl_volume_open(NULL, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "volume is NULL");
}

TEST(volume, closedAndOtherHandlesAreRefused) {
  wl_volume_info info;
  wl_store store = 77;
  wl_error error;
  const wl_device device = open_device();
  const wl_volume volume = open_volume();
  wl_volume_info_init(&info, sizeof info);
  CHECK_STATUS(wl_volume_get_info(device, &info, &error), WL_STATUS_WRONG_KIND);
  CHECK_CONTAINS(error.message, "where a volume is wanted");
  CHECK_STATUS(wl_volume_close(device, NULL), WL_STATUS_WRONG_KIND);
  CHECK_STATUS(wl_volume_get_info(volume, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_volume_close(volume, NULL));
  const wl_volume stale[] = {volume, 0, UINT64_MAX, forged_handle(WL_KIND_VOLUME)};
  for (int i = 0; i < 4; ++i) {
    CHECK_STATUS(wl_volume_get_info(stale[i], &info, NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_volume_listen(stale[i], "tcp://127.0.0.1:0", NULL, NULL, 0, NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_store_open_local(stale[i], NULL, &store, NULL), WL_STATUS_STALE_HANDLE);
    CHECK_STATUS(wl_volume_close(stale[i], NULL), WL_STATUS_STALE_HANDLE);
  }
  CHECK_EQ(store, 77);
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(volume, storesOfAClosedOneSayUnavailable) {
  wl_store store = 0;
  wl_error error;
  const wl_volume volume = open_volume();
  CHECK_OK(wl_store_open_local(volume, NULL, &store, NULL));
  CHECK_OK(put_text(store, "key", "value", NULL));
  CHECK_OK(wl_volume_close(volume, NULL));
  CHECK_STATUS(put_text(store, "key", "value", &error), WL_STATUS_UNAVAILABLE);
  CHECK_OK(wl_store_close(store, NULL));
}
