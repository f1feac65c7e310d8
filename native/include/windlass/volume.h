/*
 * Volumes: values by key, in shared memory, for many clients at once.
 *
 * A volume lives in this process. Clients in this process open it directly (wl_store_open_local); others reach it where
 * it listens (wl_store_open). What is published is seen whole or not at all.
 *
 * Threads: any.
 */
#ifndef WINDLASS_VOLUME_H
#define WINDLASS_VOLUME_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_volume;

/* What happens to a put for which there is no room. */
typedef int32_t wl_eviction;
enum {
  WL_EVICTION_NONE = 0, /* it is refused */
  WL_EVICTION_LRU = 1   /* values that were not read for longest go, save those that are pinned or being read */
};

/* The longest address that a volume tells, with its NUL. */
enum { WL_URI_BYTES = 512 };

typedef struct wl_volume_options {
  uint32_t struct_size;
  wl_eviction eviction;    /* default NONE */
  uint64_t limit_bytes;    /* of memory for values; 0 (default): half of what the machine has available */
  uint64_t segment_bytes;  /* memory comes in pieces of so many, or of one larger value; 0 (default): 64 MiB */
  uint64_t prepared_bytes; /* memory that is taken and populated before the first put; default 0 */
} wl_volume_options;

typedef struct wl_listen_options {
  uint32_t struct_size;
  uint32_t most_clients;    /* connections at once at this address; default 4096 */
  const char* secret;       /* of at least 16 bytes; needed for TCP elsewhere than on loopback; NULL (default): none */
  uint64_t slow_timeout_ns; /* a client that is in the middle of something, and as long does nothing, is cut off;
                               default 10 s */
} wl_listen_options;

typedef struct wl_volume_info {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t limit_bytes;
  uint64_t held_bytes;  /* taken from the machine */
  uint64_t used_bytes;  /* of these: published, being written, being read */
  uint64_t value_bytes; /* published */
  uint64_t entries;
  uint64_t segments;
  uint64_t sessions;
  uint64_t leases;
  uint64_t prepared_slots; /* being written, or in reserve for the next put */
  uint64_t orphaned_slots; /* kept because the client that has them mapped may still touch them */
  uint64_t commits;        /* since it was opened, as all that follow */
  uint64_t committed_bytes;
  uint64_t acquires;
  uint64_t acquired_bytes;
  uint64_t misses;
  uint64_t removals;
  uint64_t evictions;
  uint64_t evicted_bytes;
  uint64_t refusals; /* for want of room */
  uint64_t nonce;    /* tells it from the next one at the same address */
} wl_volume_info;

WL_API void wl_volume_options_init(wl_volume_options* options, uint32_t struct_size);
WL_API void wl_listen_options_init(wl_listen_options* options, uint32_t struct_size);
WL_API void wl_volume_info_init(wl_volume_info* info, uint32_t struct_size);

/* Opens an empty volume. options may be NULL for the defaults. Errors: INVALID_ARGUMENT; NO_MEMORY. */
WL_API wl_status wl_volume_open(const wl_volume_options* options, wl_volume* volume, wl_error* error);

/*
 * Lets clients in at an address: "shm://NAME", a socket in the user's run-time directory; "shm:///PATH", a socket
 * there; or "tcp://HOST:PORT", with port 0 for any that is free. It may be called for several. uri, if not NULL, has
 * room for capacity bytes, at least WL_URI_BYTES, and receives the address as clients must give it.
 *
 * Errors: INVALID_ARGUMENT; PERMISSION (an address beyond loopback without a secret; a directory of somebody else's);
 * STATE (somebody listens there); IO.
 */
WL_API wl_status wl_volume_listen(wl_volume volume, const char* address, const wl_listen_options* options, char* uri,
                                  uint64_t capacity, wl_error* error);

/* What it has and did. Errors: STALE_HANDLE. */
WL_API wl_status wl_volume_get_info(wl_volume volume, wl_volume_info* info, wl_error* error);

/*
 * Stops listening, ends all connections, and gives the memory back as soon as nobody has it mapped. Stores that
 * were opened on it say UNAVAILABLE from then on. Blocks: until its threads have ended. Errors: STALE_HANDLE.
 */
WL_API wl_status wl_volume_close(wl_volume volume, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
