/*
 * Region sets: regions that are opened with common settings, and paused and resumed by tag, as one.
 *
 * A call over many regions is one transaction: either all of them are in the new state, or all are in the old one. Each
 * has an outcome, which says what became of it.
 *
 * A scope says what the regions that the calling thread opens in a set are like. Scopes nest, and what an inner one
 * leaves unsaid is as in the one around it.
 *
 * Threads: any, but a scope is left by the thread that entered it.
 */
#ifndef WINDLASS_REGION_SET_H
#define WINDLASS_REGION_SET_H

#include "windlass/region.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_region_set;

typedef struct wl_region_set_options {
  uint32_t struct_size;
  uint32_t lanes;        /* regions that move at once, 1 to 64; 0 (default): as many as pay on this machine */
  uint64_t margin_bytes; /* a region that would leave less of its device's memory free is refused; default 0 */
} wl_region_set_options;

typedef struct wl_region_set_info {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t regions;
  uint64_t paused; /* of these */
  uint64_t size_bytes;
  uint64_t mapped_bytes;
  uint64_t backup_bytes; /* host memory that their backups hold */
  uint64_t stored_bytes; /* room that their backups have in files */
} wl_region_set_info;

typedef struct wl_region_scope_options {
  uint32_t struct_size;
  int32_t enabled;  /* 0: regions opened here are no members of the set; 1: they are; default -1: as around */
  wl_device device; /* 0: as around */
  const char* tag;  /* UTF-8; NULL: as around */
  const wl_region_options* region; /* backup and chunk; NULL: as around */
} wl_region_scope_options;

typedef int32_t wl_outcome_kind;
enum {
  WL_OUTCOME_UNTOUCHED = 0, /* the call did not begin */
  WL_OUTCOME_DONE = 1,
  WL_OUTCOME_SKIPPED = 2, /* was in the new state already */
  WL_OUTCOME_UNDONE = 3,  /* is as it was before */
  WL_OUTCOME_STRANDED = 4 /* could not be brought back: it is PAUSED, with its bytes kept */
};

/* What became of one region of many. */
typedef struct wl_region_outcome {
  wl_region region; /* 0 if its handle is closed already */
  wl_outcome_kind kind;
  wl_status status;      /* OK if DONE or SKIPPED */
  uint64_t moved_bytes;  /* saved or restored */
  uint64_t device_bytes; /* of device memory freed or taken */
  uint64_t drain_ns;     /* of a pause */
  uint64_t prepare_ns;   /* of a pause; of a resume: getting pages */
  uint64_t copy_ns;
  uint64_t settle_ns; /* of a pause */
  uint64_t release_ns;
  uint64_t total_ns; /* from the call's start until this region was done */
  uint64_t generation;
  char message[248]; /* UTF-8, NUL-terminated; empty if OK */
} wl_region_outcome;

WL_API void wl_region_set_options_init(wl_region_set_options* options, uint32_t struct_size);
WL_API void wl_region_set_info_init(wl_region_set_info* info, uint32_t struct_size);
WL_API void wl_region_scope_options_init(wl_region_scope_options* options, uint32_t struct_size);

/* Opens an empty set. options may be NULL for the defaults. Errors: INVALID_ARGUMENT; NO_MEMORY. */
WL_API wl_status wl_region_set_open(const wl_region_set_options* options, wl_region_set* set, wl_error* error);

/*
 * Opens a region in the set, with the settings of the calling thread's scope where none are given: device 0, tag NULL,
 * options NULL. The region is closed by wl_region_close, in either state.
 *
 * Errors: as wl_region_open; INVALID_ARGUMENT (no device here or in a scope); NO_MEMORY (also where less than the
 * margin would be left). Blocks: while pages are populated.
 */
WL_API wl_status wl_region_set_open_region(wl_region_set set, wl_device device, uint64_t size_bytes, const char* tag,
                                           const wl_region_options* options, wl_region* region, wl_error* error);

/*
 * Pauses the set's regions with the tag, or all where it is NULL. skip_done 1 passes over those that are PAUSED
 * already; with 0 one of them fails the call. That there is none with the tag is no error.
 *
 * outcomes has room for capacity of them, each outcome_size bytes large (sizeof(wl_region_outcome)); it may be NULL
 * with capacity 0. count, if not NULL, receives how many regions the call was about. Both are written on errors too,
 * once the call has found its regions.
 *
 * Errors: as wl_region_pause, of the region that failed first. Blocks: for the copies.
 */
WL_API wl_status wl_region_set_pause(wl_region_set set, const char* tag, int32_t skip_done, wl_region_outcome* outcomes,
                                     uint32_t outcome_size, uint64_t capacity, uint64_t* count, wl_error* error);

/* Resumes, as wl_region_set_pause pauses. Errors: as wl_region_resume, of the region that failed first. */
WL_API wl_status wl_region_set_resume(wl_region_set set, const char* tag, int32_t skip_done,
                                      wl_region_outcome* outcomes, uint32_t outcome_size, uint64_t capacity,
                                      uint64_t* count, wl_error* error);

/*
 * Pauses these regions as one, whether they are members or not; the set lends its lanes. outcomes has room for count,
 * or is NULL.
 *
 * Errors: as wl_region_set_pause; INVALID_ARGUMENT (one of them twice).
 */
WL_API wl_status wl_region_set_pause_these(wl_region_set set, const wl_region* regions, uint64_t count,
                                           int32_t skip_done, wl_region_outcome* outcomes, uint32_t outcome_size,
                                           wl_error* error);

/* Resumes, as wl_region_set_pause_these pauses. */
WL_API wl_status wl_region_set_resume_these(wl_region_set set, const wl_region* regions, uint64_t count,
                                            int32_t skip_done, wl_region_outcome* outcomes, uint32_t outcome_size,
                                            wl_error* error);

/*
 * What the regions with the tag, or all where it is NULL, amount to.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT.
 */
WL_API wl_status wl_region_set_get_info(wl_region_set set, const char* tag, wl_region_set_info* info, wl_error* error);

/* Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_region_set_set_margin(wl_region_set set, uint64_t margin_bytes, wl_error* error);

/*
 * Begins a scope of the calling thread in this set, and gives its number. What the options name is kept alive by it.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT.
 */
WL_API wl_status wl_region_set_enter(wl_region_set set, const wl_region_scope_options* options, uint64_t* scope,
                                     wl_error* error);

/* Ends the calling thread's innermost scope in this set. Errors: STALE_HANDLE; WRONG_KIND; STATE (not that one). */
WL_API wl_status wl_region_set_leave(wl_region_set set, uint64_t scope, wl_error* error);

/* Gives the set up. Its regions stay, each for itself. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_region_set_close(wl_region_set set, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
