#include "windlass/lease.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "store_pair.h"

#define LARGE (3 * MIB)

TEST(store, theDefaultsAreInOnePlace) {
  wl_store_options options;
  wl_put_options put;
  wl_acquire_options acquire;
  memset(&options, POISON, sizeof options);
  memset(&put, POISON, sizeof put);
  memset(&acquire, POISON, sizeof acquire);
  wl_store_options_init(&options, sizeof options);
  wl_put_options_init(&put, sizeof put);
  wl_acquire_options_init(&acquire, sizeof acquire);
  CHECK_EQ(options.transport, WL_TRANSPORT_AUTO);
  CHECK(options.secret == NULL);
  CHECK_EQ(options.lanes, 0);
  CHECK_EQ(options.connect_timeout_ns, 5000000000ULL);
  CHECK_EQ(options.call_timeout_ns, 60000000000ULL);
  CHECK_EQ(put.condition_count, 0);
  CHECK_EQ(put.removal_count, 0);
  CHECK_EQ(put.timeout_ns, 0);
  CHECK_EQ(acquire.skip_missing, 0);
  CHECK_EQ(acquire.timeout_ns, 0);
  wl_store_options_init(NULL, sizeof options);
  wl_store_info_init(NULL, sizeof(wl_store_info));
  wl_put_options_init(NULL, sizeof put);
  wl_put_report_init(NULL, sizeof(wl_put_report));
  wl_acquire_options_init(NULL, sizeof acquire);
  wl_buffer_info_init(NULL, sizeof(wl_buffer_info));
}

static void check_what_it_did(wl_store store) {
  wl_store_info info;
  wl_store_info_init(&info, sizeof info);
  CHECK_OK(wl_store_get_info(store, &info, NULL));
  CHECK_EQ(info.transport, WL_TRANSPORT_LOCAL);
  CHECK_EQ(info.written_bytes, LARGE);
  CHECK_EQ(info.read_bytes, LARGE + 200);
  CHECK_EQ(info.mapped_bytes, LARGE);
  CHECK_CONTAINS(info.reason, "in this process");
  wl_volume_info volume;
  wl_volume_info_init(&volume, sizeof volume);
  CHECK_OK(wl_store_get_volume_info(store, &volume, NULL));
  CHECK_EQ(volume.entries, 1);
  CHECK_EQ(volume.leases, 0);
  CHECK_EQ(volume.nonce, info.volume_nonce);
}

TEST(store, aTensorIsPutLeasedMappedAndRead) {
  const pair opened = open_pair();
  const uint64_t shape[] = {3, LARGE / 6};
  uint8_t* bytes = malloc(LARGE);
  uint8_t* target = malloc(LARGE);
  fill_pattern(bytes, LARGE, 1);
  wl_put_item item = item_of("weight", bytes, LARGE);
  item.kind = WL_ENTRY_TENSOR;
  item.dtype = WL_DTYPE_BF16;
  item.rank = 2;
  item.shape = shape;
  item.attributes = "own";
  item.attributes_bytes = 3;
  wl_put_report report;
  wl_put_report_init(&report, sizeof report);
  CHECK_OK(wl_store_put(opened.store, &item, 1, NULL, &report, NULL));
  CHECK_EQ(report.transport, WL_TRANSPORT_LOCAL);
  CHECK_EQ(report.bytes, LARGE);
  CHECK_EQ(report.reused, 0);
  CHECK(report.version != 0);

  wl_entry entry;
  const wl_lease lease = lease_of(opened.store, "weight", &entry);
  CHECK_EQ(live(WL_KIND_LEASE), 1);
  CHECK_EQ(entry.item, 0);
  CHECK_EQ(entry.kind, WL_ENTRY_TENSOR);
  CHECK_EQ(entry.dtype, WL_DTYPE_BF16);
  CHECK_EQ(entry.rank, 2);
  CHECK_EQ(entry.shape[0], 3);
  CHECK_EQ(entry.shape[1], LARGE / 6);
  CHECK_EQ(entry.shape[2], 0);
  CHECK_EQ(entry.bytes, LARGE);
  CHECK_EQ(entry.version, report.version);
  CHECK_EQ(entry.shard_count, 0);
  CHECK_EQ(entry.attributes_bytes, 3);
  const void* attributes = NULL;
  CHECK_OK(wl_lease_get_attributes(lease, 0, &attributes, NULL));
  CHECK_EQ(memcmp(attributes, "own", 3), 0);
  const void* mapped = NULL;
  CHECK_OK(wl_lease_map(lease, 0, &mapped, NULL));
  CHECK_EQ(first_difference(mapped, LARGE, 1), LARGE);
  const wl_read reads[] = {{0, 0, LARGE / 2, target}, {0, LARGE / 2, LARGE / 2, target + LARGE / 2}};
  CHECK_OK(wl_lease_read(lease, reads, 2, 0, NULL));
  CHECK_EQ(first_difference(target, LARGE, 1), LARGE);
  wl_slice slice;
  CHECK_OK(wl_lease_get_slice(lease, 0, &slice, NULL));
  CHECK_EQ(slice.rank, 2);
  CHECK_EQ(slice.mesh_rank, 0);
  CHECK_EQ(slice.global_shape[1], LARGE / 6);
  CHECK_EQ(slice.offsets[1], 0);
  const uint64_t offsets[] = {1, 5};
  const uint64_t sizes[] = {1, 100};
  CHECK_OK(wl_lease_read_slice(lease, 0, 2, offsets, sizes, target, 200, 0, NULL));
  CHECK_EQ(memcmp(target, bytes + (LARGE / 6 + 5) * 2, 200), 0);
  CHECK_OK(wl_lease_close(lease, NULL));
  CHECK_EQ(live(WL_KIND_LEASE), 0);

  check_what_it_did(opened.store);
  free(bytes);
  free(target);
  close_pair(opened);
}

TEST(store, shardsArePutTogether) {
  const pair opened = open_pair();
  uint8_t whole[64];
  uint8_t target[64];
  fill_pattern(whole, sizeof whole, 2);
  const uint64_t global[] = {4, 16};
  const uint64_t local[] = {2, 16};
  const uint64_t offsets[2][2] = {{0, 0}, {2, 0}};
  const uint64_t mesh[] = {2};
  const uint64_t coordinates[2][1] = {{0}, {1}};
  wl_slice slices[2];
  wl_error error;
  for (uint32_t i = 0; i < 2; ++i) {
    slices[i] = (wl_slice){2, 1, global, offsets[i], mesh, coordinates[i]};
    wl_put_item item = item_of("sharded", whole + 32 * (size_t)i, 32);
    item.kind = WL_ENTRY_TENSOR;
    item.dtype = WL_DTYPE_U8;
    item.rank = 2;
    item.shape = local;
    item.slice = &slices[i];
    if (i == 1) {
      const char* key = "sharded";
      const uint64_t key_bytes = 7;
      wl_lease lease = 77;
      wl_entry_info info;
      CHECK_STATUS(wl_store_acquire(opened.store, &key, &key_bytes, 1, NULL, &lease, &error), WL_STATUS_INCOMPLETE);
      CHECK_CONTAINS(error.message, "1");
      CHECK_EQ(lease, 77);
      CHECK_OK(wl_store_describe(opened.store, &key, &key_bytes, 1, &info, sizeof info, NULL));
      CHECK_EQ(info.kind, -1);
      CHECK_EQ(info.missing_count, 1);
    }
    CHECK_OK(put_one(opened.store, item, NULL));
  }
  const char* key = "sharded";
  const uint64_t key_bytes = 7;
  wl_lease lease = 0;
  uint64_t count = 0;
  wl_entry entries[2];
  CHECK_OK(wl_store_acquire(opened.store, &key, &key_bytes, 1, NULL, &lease, NULL));
  CHECK_OK(wl_lease_get_entries(lease, NULL, 0, 0, &count, NULL));
  CHECK_EQ(count, 2);
  CHECK_OK(wl_lease_get_entries(lease, entries, sizeof entries[0], 2, &count, NULL));
  CHECK_EQ(entries[1].shard_index, 1);
  CHECK_EQ(entries[1].shard_count, 2);
  CHECK_EQ(entries[1].attributes_bytes, 0);
  wl_slice slice;
  CHECK_OK(wl_lease_get_slice(lease, 1, &slice, NULL));
  CHECK_EQ(slice.offsets[0], 2);
  CHECK_EQ(slice.global_shape[0], 4);
  CHECK_EQ(slice.mesh_shape[0], 2);
  CHECK_EQ(slice.coordinates[0], 1);
  const uint64_t from[] = {1, 3};
  const uint64_t sizes[] = {2, 5};
  CHECK_OK(wl_lease_read_slice(lease, 0, 2, from, sizes, target, 10, 0, NULL));
  CHECK_EQ(memcmp(target, whole + 16 + 3, 5), 0);
  CHECK_EQ(memcmp(target + 5, whole + 32 + 3, 5), 0);
  CHECK_STATUS(wl_lease_read_slice(lease, 0, 2, from, sizes, target, 11, 0, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "takes 10 bytes");
  CHECK_OK(wl_lease_close(lease, NULL));
  wl_entry_info info;
  CHECK_OK(wl_store_describe(opened.store, &key, &key_bytes, 1, &info, sizeof info, NULL));
  CHECK_EQ(info.shape[0], 4);
  CHECK_EQ(info.shard_count, 2);
  CHECK_EQ(info.bytes, 64);
  close_pair(opened);
}

TEST(store, aBufferIsFilledInPlaceAndReused) {
  const pair opened = open_pair();
  wl_buffer buffer = 0;
  wl_buffer_info info;
  wl_put_report report;
  wl_error error;
  wl_entry entry;
  CHECK_OK(wl_buffer_open(opened.store, LARGE, &buffer, NULL));
  CHECK_EQ(live(WL_KIND_BUFFER), 1);
  uint64_t generation = 0;
  for (uint64_t round = 0; round < 4; ++round) {
    wl_buffer_info_init(&info, sizeof info);
    CHECK_OK(wl_buffer_get_info(buffer, &info, NULL));
    CHECK_EQ(info.bytes, LARGE);
    CHECK_EQ(info.transport, WL_TRANSPORT_LOCAL);
    CHECK(info.generation > generation);
    generation = info.generation;
    fill_pattern(info.address, LARGE, round);
    wl_put_item item = item_of("filled", NULL, LARGE);
    item.buffer = buffer;
    wl_put_report_init(&report, sizeof report);
    CHECK_OK(wl_store_put(opened.store, &item, 1, NULL, &report, NULL));
    CHECK_EQ(report.reused, 1);
    const wl_lease lease = lease_of(opened.store, "filled", &entry);
    const void* mapped = NULL;
    CHECK_OK(wl_lease_map(lease, 0, &mapped, NULL));
    CHECK_EQ(first_difference(mapped, LARGE, round), LARGE);
    CHECK_OK(wl_lease_close(lease, NULL));
  }
  wl_put_item twice[2] = {item_of("one", "x", 1), item_of("two", "y", 1)};
  twice[0].buffer = buffer;
  twice[1].buffer = buffer;
  CHECK_STATUS(wl_store_put(opened.store, twice, 2, NULL, NULL, &error), WL_STATUS_STATE);
  CHECK_OK(wl_buffer_close(buffer, NULL));
  CHECK_STATUS(wl_buffer_close(buffer, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_buffer_get_info(buffer, &info, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(put_one(opened.store, twice[0], &error), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_buffer_open(opened.store, 0, &buffer, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_buffer_open(opened.store, 1000 * MIB, &buffer, &error), WL_STATUS_NO_SPACE);
  close_pair(opened);
}

TEST(store, leasesAndBuffersOutliveTheHandlesOfTheirStore) {
  const pair opened = open_pair();
  wl_buffer buffer = 0;
  wl_entry entry;
  uint8_t* bytes = malloc(LARGE);
  fill_pattern(bytes, LARGE, 3);
  CHECK_OK(put_one(opened.store, item_of("value", bytes, LARGE), NULL));
  const wl_lease lease = lease_of(opened.store, "value", &entry);
  CHECK_OK(wl_buffer_open(opened.store, 1000, &buffer, NULL));
  CHECK_OK(wl_store_close(opened.store, NULL));
  CHECK_STATUS(wl_store_close(opened.store, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_EQ(live(WL_KIND_STORE), 1);
  const void* mapped = NULL;
  CHECK_OK(wl_lease_map(lease, 0, &mapped, NULL));
  CHECK_EQ(first_difference(mapped, LARGE, 3), LARGE);
  CHECK_OK(wl_volume_close(opened.volume, NULL));
  CHECK_EQ(first_difference(mapped, LARGE, 3), LARGE);
  CHECK_OK(wl_lease_close(lease, NULL));
  CHECK_OK(wl_buffer_close(buffer, NULL));
  CHECK_EQ(live(WL_KIND_STORE), 0);
  free(bytes);
}

static void* put_and_get(void* argument) {
  const wl_store store = *(wl_store*)argument;
  uint8_t* bytes = malloc(LARGE);
  char key[2] = {0, 0};
  for (uint64_t round = 0; round < 20; ++round) {
    wl_entry entry;
    key[0] = (char)('a' + round % 3);
    fill_pattern(bytes, 100000, round);
    CHECK_OK(put_one(store, item_of(key, bytes, 100000), NULL));
    const wl_lease lease = lease_of(store, key, &entry);
    const void* mapped = NULL;
    CHECK_OK(wl_lease_map(lease, 0, &mapped, NULL));
    CHECK_EQ(entry.bytes, 100000);
    CHECK_OK(wl_lease_close(lease, NULL));
  }
  free(bytes);
  return NULL;
}

TEST(store, threadsShareIt) {
  pair opened = open_pair();
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) CHECK_EQ(pthread_create(&threads[i], NULL, put_and_get, &opened.store), 0);
  for (int i = 0; i < 4; ++i) CHECK_EQ(pthread_join(threads[i], NULL), 0);
  close_pair(opened);
}
