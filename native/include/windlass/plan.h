/*
 * Plans: pulling the same values into the same memory again and again. What has to be read from where is worked out
 * once, and anew only where a value's shards, shape or place have changed.
 *
 * Threads: any; one pull of a plan at a time, another waits.
 */
#ifndef WINDLASS_PLAN_H
#define WINDLASS_PLAN_H

#include "windlass/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_plan;

/* A value, or a part of a tensor, and where it goes. */
typedef struct wl_pull_item {
  const char* key;
  uint64_t key_bytes;
  wl_entry_kind kind;
  wl_dtype dtype;
  uint32_t rank;
  uint32_t reserved;
  const uint64_t* offsets; /* of the part; NULL: it begins at the tensor's first element */
  const uint64_t* shape;   /* of the part */
  void* target;            /* packed in row-major order; it lasts until the plan is closed */
  uint64_t bytes;          /* exactly what the part takes */
} wl_pull_item;

typedef struct wl_pull_report {
  uint32_t struct_size;
  wl_transport transport;
  uint64_t version; /* the latest of the values' */
  uint64_t bytes;
  uint64_t lease_ns;
  uint64_t plan_ns;
  uint64_t move_ns;
  uint64_t planned; /* keys that were planned */
  uint64_t reused;  /* keys whose plan was still right */
} wl_pull_report;

WL_API void wl_pull_report_init(wl_pull_report* report, uint32_t struct_size);

/* Makes a plan; nothing is asked of the volume yet. Errors: INVALID_ARGUMENT. */
WL_API wl_status wl_store_plan(wl_store store, const wl_pull_item* items, uint64_t count, wl_plan* plan,
                               wl_error* error);

/*
 * Fills the targets, all of the values as they were in one instant. After an error the targets have anything.
 * timeout_ns 0: as the store's. report may be NULL.
 *
 * Errors: NOT_FOUND; INCOMPLETE (shards are missing, or leave a part out); MISMATCH (a value is of another kind, type
 * or size); STATE (whoever offers the memory took it back); TIMEOUT; UNAVAILABLE. Blocks: for the bytes.
 */
WL_API wl_status wl_plan_pull(wl_plan plan, uint64_t timeout_ns, wl_pull_report* report, wl_error* error);

/* Errors: STALE_HANDLE. Blocks: while a pull is under way. */
WL_API wl_status wl_plan_close(wl_plan plan, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
