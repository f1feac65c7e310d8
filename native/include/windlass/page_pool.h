/*
 * Page pools: host memory made ready before it is needed.
 *
 * Getting fresh pages from the operating system costs more than filling them. A pool gets them ahead of time, keeps
 * them, and lends them to backups, so that no pause waits for a page. What borrows from a pool keeps it alive.
 *
 * Threads: any.
 */
#ifndef WINDLASS_PAGE_POOL_H
#define WINDLASS_PAGE_POOL_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_page_pool;

typedef struct wl_page_pool_options {
  uint32_t struct_size;
  uint32_t worker_threads; /* threads that populate, 1 to 64; 0 (default): as many as pay on this machine */
  uint64_t limit_bytes;    /* the most it holds; 0 (default): half of the machine's memory */
} wl_page_pool_options;

typedef struct wl_page_pool_info {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t limit_bytes;
  uint64_t held_bytes;     /* taken from the machine */
  uint64_t lent_bytes;     /* of these, in use by backups */
  uint64_t grown_on_lend;  /* times that a loan had to wait for fresh pages: prepare more if this grows */
  uint64_t prepared_bytes; /* populated by prepare, over the pool's life */
} wl_page_pool_info;

WL_API void wl_page_pool_options_init(wl_page_pool_options* options, uint32_t struct_size);
WL_API void wl_page_pool_info_init(wl_page_pool_info* info, uint32_t struct_size);

/*
 * Opens an empty pool. options may be NULL for the defaults.
 *
 * Errors: INVALID_ARGUMENT; NO_MEMORY.
 */
WL_API wl_status wl_page_pool_open(const wl_page_pool_options* options, wl_page_pool* pool, wl_error* error);

/*
 * Makes sure that at least bytes are held and not lent, getting and populating what is missing.
 *
 * Errors: NO_SPACE (beyond the limit); NO_MEMORY (the machine has not got it; the pool is as before); STALE_HANDLE;
 * WRONG_KIND. Blocks: while pages are populated.
 */
WL_API wl_status wl_page_pool_prepare(wl_page_pool pool, uint64_t bytes, wl_error* error);

/* Gives blocks of which nothing is lent back to the machine. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_page_pool_trim(wl_page_pool pool, wl_error* error);

/* Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT. */
WL_API wl_status wl_page_pool_get_info(wl_page_pool pool, wl_page_pool_info* info, wl_error* error);

/* Gives the handle up. The pages go when the last backup that borrows them does. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_page_pool_close(wl_page_pool pool, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
