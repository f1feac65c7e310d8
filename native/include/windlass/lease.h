/*
 * Leases: how values are got from a store. wl_store_acquire leases values, all of a call in one instant; then their
 * bytes are mapped (wl_lease_map, zero copies, where the way allows it) or read (wl_lease_read); wl_lease_close lets
 * go.
 *
 * What is leased stays as it is, whatever is put, removed or evicted meanwhile.
 *
 * Threads: any.
 */
#ifndef WINDLASS_LEASE_H
#define WINDLASS_LEASE_H

#include "windlass/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_lease;

typedef struct wl_acquire_options {
  uint32_t struct_size;
  int32_t skip_missing; /* 1: a missing key has entries of kind -1, and is no error; default 0 */
  const wl_condition* conditions;
  uint32_t condition_count;
  uint32_t reserved;
  uint64_t timeout_ns; /* 0 (default): as the store's */
} wl_acquire_options;

/* A value that is leased, or one shard of it. */
typedef struct wl_entry {
  uint64_t item;      /* which of the keys asked for */
  wl_entry_kind kind; /* -1: there is no such key, and missing ones were to be skipped */
  wl_dtype dtype;
  uint32_t rank;
  uint32_t shard_index;
  uint32_t shard_count; /* 0: whole */
  uint32_t attributes_bytes;
  uint64_t bytes;
  uint64_t version;
  uint64_t shape[16]; /* a shard's own; wl_lease_get_slice tells the whole */
} wl_entry;

/* Part of an entry's bytes, and where they shall go. */
typedef struct wl_read {
  uint64_t entry;
  uint64_t offset;
  uint64_t bytes;
  void* target;
} wl_read;

WL_API void wl_acquire_options_init(wl_acquire_options* options, uint32_t struct_size);

/*
 * Leases the values of keys, all or none. Errors: INVALID_ARGUMENT (no key, a key twice); NOT_FOUND; INCOMPLETE (which
 * shards are missing); CONFLICT; TIMEOUT; UNAVAILABLE.
 */
WL_API wl_status wl_store_acquire(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                                  const wl_acquire_options* options, wl_lease* lease, wl_error* error);

/*
 * What the lease has, in the order of the keys; a sharded value has an entry for each shard. Writes at most capacity
 * of them, each entry_size bytes large (sizeof(wl_entry)); count receives how many there are. entries may be NULL with
 * capacity 0. Errors: STALE_HANDLE.
 */
WL_API wl_status wl_lease_get_entries(wl_lease lease, wl_entry* entries, uint32_t entry_size, uint64_t capacity,
                                      uint64_t* count, wl_error* error);

/* An entry's attributes, as many bytes as it says. Valid until the lease is closed. Errors: INVALID_ARGUMENT. */
WL_API wl_status wl_lease_get_attributes(wl_lease lease, uint64_t entry, const void** attributes, wl_error* error);

/*
 * Which part of the whole an entry is: of a shard, what its writer said; of a whole value, all of it, with a mesh_rank
 * of 0. The arrays are valid until the lease is closed. Errors: INVALID_ARGUMENT; CORRUPT (a shard whose writer said
 * nothing that makes sense).
 */
WL_API wl_status wl_lease_get_slice(wl_lease lease, uint64_t entry, wl_slice* slice, wl_error* error);

/*
 * An entry's bytes as memory, to be read only; valid until the lease is closed. Errors: UNSUPPORTED (the transport
 * cannot: read them instead); INVALID_ARGUMENT; UNAVAILABLE.
 */
WL_API wl_status wl_lease_map(wl_lease lease, uint64_t entry, const void** address, wl_error* error);

/* Reads bytes into the caller's memory, all or an error. timeout_ns 0: as the store's. Blocks: for the bytes. */
WL_API wl_status wl_lease_read(wl_lease lease, const wl_read* reads, uint64_t count, uint64_t timeout_ns,
                               wl_error* error);

/*
 * Reads a part of the tensor asked for by the item-th key into memory that is packed in row-major order: shape[i]
 * elements of dimension i, from offsets[i] on, put together from the shards. target_bytes: what they take, exactly.
 * Errors: INVALID_ARGUMENT (beyond the tensor; not a tensor; elements smaller than a byte that do not begin and end
 * with one); INCOMPLETE (the shards leave a part of it out); MISMATCH (shards that are not of one tensor); CORRUPT;
 * as wl_lease_read.
 */
WL_API wl_status wl_lease_read_slice(wl_lease lease, uint64_t item, uint32_t rank, const uint64_t* offsets,
                                     const uint64_t* shape, void* target, uint64_t target_bytes, uint64_t timeout_ns,
                                     wl_error* error);

/* Lets go. What was mapped is not any more. Errors: STALE_HANDLE. */
WL_API wl_status wl_lease_close(wl_lease lease, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
