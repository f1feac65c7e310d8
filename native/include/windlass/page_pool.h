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

#include "windlass/device.h"
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
  uint64_t held_bytes;          /* taken from the machine */
  uint64_t lent_bytes;          /* of these, in use by backups */
  uint64_t grown_on_lend;       /* times that a loan had to wait for fresh pages: prepare more if this grows */
  uint64_t prepared_bytes;      /* populated by prepare, over the pool's life */
  uint64_t pinned_bytes;        /* of those held, pinned for the copies of devices */
  uint64_t lent_unpinned_bytes; /* lent before they were pinned, over the pool's life: prepare earlier if this grows */
  uint64_t quarantined_bytes;   /* that could not be unpinned: the process keeps them until it ends */
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

/*
 * From now on pins what the pool holds and what it gets, in the background, for the copies of this device, which it
 * keeps; pages that one GPU's driver has pinned serve all GPUs. Until a page is pinned, copies through it are slower,
 * not wrong. Called again, it tries again what failed. On the emulated device there is nothing to be gained, and done.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (it pins for another device).
 */
WL_API wl_status wl_page_pool_pin(wl_page_pool pool, wl_device device, wl_error* error);

/*
 * Waits until all that is held is pinned, or pinning has failed.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (nothing is to be pinned); NO_MEMORY, PERMISSION (a limit of locked memory);
 * DEVICE. Blocks: while pages are pinned.
 */
WL_API wl_status wl_page_pool_wait_pinned(wl_page_pool pool, wl_error* error);

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
