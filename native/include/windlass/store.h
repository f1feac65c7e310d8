/*
 * Stores: the client's side of a volume. Puts values, many at once, over the fastest way there is; lease.h gets them.
 *
 * A put moves the bytes and publishes them, all items of a call in one instant. A buffer keeps between puts what a put
 * would otherwise have to get: room in the volume, and that room mapped or registered.
 *
 * No call waits longer than its time limit. A connection that broke is made anew by the next call.
 *
 * Threads: any.
 */
#ifndef WINDLASS_STORE_H
#define WINDLASS_STORE_H

#include "windlass/tensor.h"
#include "windlass/volume.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_store;
typedef uint64_t wl_buffer;

typedef int32_t wl_transport;
enum {
  WL_TRANSPORT_AUTO = 0, /* shm where the volume is on this host, else rdma where both ends have it, else tcp */
  WL_TRANSPORT_LOCAL = 1,
  WL_TRANSPORT_SHM = 2,
  WL_TRANSPORT_TCP = 3,
  WL_TRANSPORT_RDMA = 4 /* at a TCP address */
};

typedef struct wl_store_options {
  uint32_t struct_size;
  wl_transport transport; /* default AUTO */
  const char* secret;     /* what the volume asks for over TCP; NULL (default): none */
  uint32_t lanes;         /* connections that carry bytes over TCP; 0 (default): as many as pay */
  uint32_t reserved;
  uint64_t connect_timeout_ns; /* default 5 s */
  uint64_t call_timeout_ns;    /* default 60 s */
} wl_store_options;

typedef struct wl_store_info {
  uint32_t struct_size;
  wl_transport transport; /* the one in use */
  uint64_t volume_nonce;
  uint64_t connections; /* made so far */
  uint64_t written_bytes;
  uint64_t read_bytes;
  uint64_t mapped_bytes; /* handed out without a copy */
  char reason[256];      /* why this transport; UTF-8, NUL-terminated */
} wl_store_info;

typedef struct wl_put_item {
  const char* key; /* UTF-8, key_bytes of it, 1 to 4096, without NUL */
  uint64_t key_bytes;
  wl_entry_kind kind;
  wl_dtype dtype;
  uint32_t rank;
  uint32_t attributes_bytes;
  const uint64_t* shape;
  const void* data; /* may be NULL if bytes is 0, or if the buffer, which is mapped, was filled in place */
  uint64_t bytes;
  const void* attributes; /* whatever the writer wants remembered, at most 64 KiB; with a slice 1 KiB less */
  const wl_slice* slice;  /* NULL: the value is whole */
  wl_buffer buffer;       /* 0: none. At least as large as bytes, of the same store, in no other call */
} wl_put_item;

typedef struct wl_condition {
  const char* key;
  uint64_t key_bytes;
  uint64_t version; /* that the key must have; 0: it must not exist */
} wl_condition;

typedef struct wl_put_options {
  uint32_t struct_size;
  uint32_t condition_count;
  const wl_condition* conditions; /* else CONFLICT */
  const char* const* removals;    /* keys that go in the same instant, if they are there */
  const uint64_t* removal_bytes;  /* their lengths */
  uint64_t removal_count;
  uint64_t timeout_ns; /* 0 (default): as the store's */
} wl_put_options;

typedef struct wl_put_report {
  uint32_t struct_size;
  wl_transport transport;
  uint64_t version; /* of all items; 0: only shards of sets that are not complete yet */
  uint64_t bytes;
  uint64_t prepare_ns; /* getting room */
  uint64_t move_ns;
  uint64_t commit_ns;
  uint64_t reused; /* items whose buffer had room ready */
} wl_put_report;

typedef struct wl_entry_info {
  wl_entry_kind kind; /* -1: nothing is readable under this key */
  wl_dtype dtype;
  uint32_t rank;
  uint32_t shard_count;
  uint32_t missing_count; /* shards that a version under way lacks, as far as 64 */
  int32_t pinned;
  uint64_t bytes; /* of all shards */
  uint64_t version;
  uint64_t shape[16]; /* of the whole tensor */
} wl_entry_info;

typedef struct wl_buffer_info {
  uint32_t struct_size;
  wl_transport transport;
  uint64_t bytes;
  uint64_t generation; /* grows whenever its room is another, which may be with every put */
  void* address;       /* memory to be filled in place before a put: where its room is mapped, and over RDMA memory here
                          that is registered; else NULL. What was mapped before a put belongs to the readers */
} wl_buffer_info;

WL_API void wl_store_options_init(wl_store_options* options, uint32_t struct_size);
WL_API void wl_store_info_init(wl_store_info* info, uint32_t struct_size);
WL_API void wl_put_options_init(wl_put_options* options, uint32_t struct_size);
WL_API void wl_put_report_init(wl_put_report* report, uint32_t struct_size);
WL_API void wl_buffer_info_init(wl_buffer_info* info, uint32_t struct_size);

/*
 * Connects to the volume at an address: "shm://NAME", "shm:///PATH" or "tcp://HOST:PORT". options may be NULL.
 *
 * Errors: INVALID_ARGUMENT; UNAVAILABLE (nobody listens there); PERMISSION (the secret, or the user, is not right);
 * VERSION; UNSUPPORTED (the transport that was asked for cannot be had: why); TIMEOUT. Blocks: for the connection.
 */
WL_API wl_status wl_store_open(const char* uri, const wl_store_options* options, wl_store* store, wl_error* error);

/* Opens a volume of this process. Errors: STALE_HANDLE. */
WL_API wl_status wl_store_open_local(wl_volume volume, const wl_store_options* options, wl_store* store,
                                     wl_error* error);

WL_API wl_status wl_store_get_info(wl_store store, wl_store_info* info, wl_error* error);

/* What the volume has and did. Errors: UNAVAILABLE; TIMEOUT. */
WL_API wl_status wl_store_get_volume_info(wl_store store, wl_volume_info* info, wl_error* error);

/* Ends the connection once the last of its leases and buffers is closed. Errors: STALE_HANDLE. */
WL_API wl_status wl_store_close(wl_store store, wl_error* error);

/*
 * Puts values, all or none. options and report may be NULL.
 *
 * Errors: INVALID_ARGUMENT; STATE (a buffer is in another call); MISMATCH (a key is of another kind, or its shards of
 * another count); CONFLICT (a condition); NO_SPACE (the volume is full: how much is missing); NO_MEMORY; TIMEOUT;
 * UNAVAILABLE (the message says if it may have been published all the same). After an error the buffers can be used
 * again. Blocks: for the bytes.
 */
WL_API wl_status wl_store_put(wl_store store, const wl_put_item* items, uint64_t count, const wl_put_options* options,
                              wl_put_report* report, wl_error* error);

/* What is under keys, all in one instant, infos[i] of keys[i], each info_size bytes (sizeof(wl_entry_info)). */
WL_API wl_status wl_store_describe(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                                   wl_entry_info* infos, uint32_t info_size, wl_error* error);

/*
 * Removes keys, all in one instant. must_exist 1: all or none. removed, if not NULL, receives how many there were.
 * Errors: NOT_FOUND.
 */
WL_API wl_status wl_store_remove(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                                 int32_t must_exist, uint64_t* removed, wl_error* error);

/*
 * Keys with a prefix, sorted by their bytes, behind after ("" or NULL: from the first). by_component 1: "a/b" finds
 * "a/b" and "a/b/c", not "a/bc". Writes them one after another, each with a NUL behind it, into names; count receives
 * how many; more receives 1 if there are further ones. Errors: INVALID_ARGUMENT (capacity below 4097).
 */
WL_API wl_status wl_store_list_keys(wl_store store, const char* prefix, int32_t by_component, const char* after,
                                    char* names, uint64_t capacity, uint64_t* count, int32_t* more, wl_error* error);

/* Pinned values are not evicted. Errors: NOT_FOUND. */
WL_API wl_status wl_store_pin(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                              int32_t pinned, wl_error* error);

/*
 * Opens a buffer for values of up to bytes: has room reserved in the volume, mapped and populated where the transport
 * maps. Errors: INVALID_ARGUMENT (bytes 0); NO_SPACE; NO_MEMORY; TIMEOUT; UNAVAILABLE.
 */
WL_API wl_status wl_buffer_open(wl_store store, uint64_t bytes, wl_buffer* buffer, wl_error* error);

WL_API wl_status wl_buffer_get_info(wl_buffer buffer, wl_buffer_info* info, wl_error* error);

/* Gives its room back. Errors: STALE_HANDLE; STATE (a put is using it). */
WL_API wl_status wl_buffer_close(wl_buffer buffer, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
