/*
 * Regions: device memory that can be given away for a while.
 *
 * A region is a range of addresses on a device. While it is ACTIVE there are pages behind the addresses. A pause saves
 * their bytes to the region's backup and gives the pages back to the machine; the addresses stay reserved, so that
 * nobody else gets them, and touching them faults. A resume takes pages again, at the same addresses, and restores the
 * bytes.
 *
 * Both are all-or-nothing: on an error the region is as it was before the call. Each time pages have gone, a new
 * generation begins: whatever was derived from those before it (a registration, an exported handle) is stale.
 *
 * Threads: any; calls on one region are serialised by the library. Who touches the memory itself must not do so during
 * a pause or while the region is PAUSED. wl_region_get_info waits for no call under way.
 */
#ifndef WINDLASS_REGION_H
#define WINDLASS_REGION_H

#include "windlass/backup.h"
#include "windlass/device.h"
#include "windlass/page_pool.h"
#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_region;

typedef int32_t wl_region_state;
enum { WL_REGION_ACTIVE = 1, WL_REGION_PAUSED = 2 };

typedef struct wl_region_options {
  uint32_t struct_size;
  wl_backup_kind backup;          /* default PAGEABLE */
  wl_page_pool pool;              /* for POOLED, and for TIERED if wanted; else 0 */
  int32_t retain;                 /* 1: the backup keeps its room and bytes after resume; default 0 */
  int32_t verify;                 /* 1: checksum at pause, check at resume (XXH3-128 per 2 MiB); default 0 */
  uint64_t chunk_bytes;           /* physical chunk, rounded up to the device's granularity; 0 (default): 64 MiB */
  wl_backup_directory directory;  /* for FILE, and for TIERED if wanted; else 0 */
  uint64_t pageable_budget_bytes; /* for TIERED: of this region, in pageable memory; default 0 */
  wl_compression compression;     /* of what the backup keeps; default NONE */
  int32_t
      reserve; /* 1: the backup gets its room when the region is opened, and keeps it (retain is implied); default 0 */
} wl_region_options;

typedef struct wl_region_info {
  uint32_t struct_size;
  wl_region_state state;
  wl_backup_kind backup;
  int32_t content_defined; /* 0 after a resume without backup, until written from start to end or acknowledged */
  uint64_t address;        /* the same for the region's whole life */
  uint64_t size_bytes;     /* as asked for */
  uint64_t mapped_bytes;   /* on the device: size rounded up to the granularity; 0 while PAUSED */
  uint64_t backup_bytes;   /* host memory the backup holds now */
  uint64_t generation;     /* 1 at first, one more each time that pages have gone */
  uint64_t stored_bytes;   /* room that the backup has in files now */
  uint64_t image_bytes;    /* that can be read from the backup now */
  uint64_t allocation_id;  /* names the region's pages, with the generation, among those of its device */
} wl_region_info;

typedef struct wl_pause_report {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t saved_bytes; /* copied to the backup */
  uint64_t freed_bytes; /* device memory that was really given back, as measured */
  uint64_t drain_ns;    /* waiting for work on the device */
  uint64_t prepare_ns;  /* getting room in the backup, and telling observers */
  uint64_t copy_ns;     /* saving; pages are given back meanwhile */
  uint64_t release_ns;  /* giving back what was left after that */
  uint64_t total_ns;    /* the whole call */
  uint64_t generation;  /* the one that begins */
  uint64_t settle_ns;   /* until the backup had all of it for good */
} wl_pause_report;

typedef struct wl_resume_report {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t restored_bytes; /* copied from the backup */
  uint64_t taken_bytes;    /* device memory taken */
  uint64_t map_ns;         /* getting pages */
  uint64_t copy_ns;        /* restoring */
  uint64_t release_ns;     /* giving the backup's memory back */
  uint64_t total_ns;       /* the whole call */
  uint64_t generation;     /* the one that goes on */
} wl_resume_report;

WL_API void wl_region_options_init(wl_region_options* options, uint32_t struct_size);
WL_API void wl_region_info_init(wl_region_info* info, uint32_t struct_size);
WL_API void wl_pause_report_init(wl_pause_report* report, uint32_t struct_size);
WL_API void wl_resume_report_init(wl_resume_report* report, uint32_t struct_size);

/*
 * Opens a region, ACTIVE and zeroed, of at least size_bytes. options may be NULL for the defaults.
 *
 * Errors: INVALID_ARGUMENT (size 0 or too large, options); NO_MEMORY (the message says how much there is);
 * STALE_HANDLE; WRONG_KIND; DEVICE. Blocks: while pages are populated.
 */
WL_API wl_status wl_region_open(wl_device device, uint64_t size_bytes, const wl_region_options* options,
                                wl_region* region, wl_error* error);

/*
 * Gives the region's memory back to the machine, after saving its bytes to its backup.
 * The address stays reserved. report may be NULL.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (already paused); NO_SPACE, NO_MEMORY (backup); DEVICE. On error the region
 * is as before; if its memory cannot be had back, it is PAUSED with its bytes kept, and the message says so. Blocks:
 * for the copy. Threads: calls on one region are serialised by the library.
 */
WL_API wl_status wl_region_pause(wl_region region, wl_pause_report* report, wl_error* error);

/*
 * Takes memory again at the same address and restores the bytes. report may be NULL.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (already active); NO_MEMORY; CORRUPT (the backup's bytes do not verify);
 * DEVICE. On error the region stays PAUSED with its backup intact, and resume can be tried again. Blocks: for the copy.
 * Threads: calls on one region are serialised by the library.
 */
WL_API wl_status wl_region_resume(wl_region region, wl_resume_report* report, wl_error* error);

/* Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT. */
WL_API wl_status wl_region_get_info(wl_region region, wl_region_info* info, wl_error* error);

/*
 * Copies size_bytes at offset out of an ACTIVE region, on any device.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (paused); INVALID_ARGUMENT (range, NULL); DEVICE. Blocks: for the copy.
 */
WL_API wl_status wl_region_read(wl_region region, uint64_t offset, void* target, uint64_t size_bytes, wl_error* error);

/*
 * Copies size_bytes into an ACTIVE region at offset, on any device.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (paused); INVALID_ARGUMENT (range, NULL); DEVICE. Blocks: for the copy.
 */
WL_API wl_status wl_region_write(wl_region region, uint64_t offset, const void* source, uint64_t size_bytes,
                                 wl_error* error);

/*
 * Copies from the backup: while the region is PAUSED, and afterwards if the backup retains.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (there is no image); UNSUPPORTED (no backup); INVALID_ARGUMENT (range, NULL);
 * CORRUPT; IO. Blocks: for the copy.
 */
WL_API wl_status wl_region_read_backup(wl_region region, uint64_t offset, void* target, uint64_t size_bytes,
                                       wl_error* error);

/*
 * Gives the backup's own memory to read, from offset on and for as far as it lies in one piece: address and size_bytes.
 * It is valid until the region is resumed or closed; with a backup that retains, until it is paused again or closed.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (there is no image); UNSUPPORTED (no backup, or one that keeps its bytes
 * elsewhere or otherwise: copy them out); INVALID_ARGUMENT (range, NULL).
 */
WL_API wl_status wl_region_view_backup(wl_region region, uint64_t offset, const void** address, uint64_t* size_bytes,
                                       wl_error* error);

/*
 * Refuses what was derived from pages of this generation, if they are there no more.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (the pages are gone, or others are there).
 */
WL_API wl_status wl_region_check_generation(wl_region region, uint64_t generation, wl_error* error);

/*
 * Declares the content defined, as after filling an ACTIVE region through its address.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; STATE (paused).
 */
WL_API wl_status wl_region_acknowledge(wl_region region, wl_error* error);

/*
 * Gives up pages, backup and addresses, from either state, once no call on it is under way.
 *
 * Errors: STALE_HANDLE; WRONG_KIND.
 */
WL_API wl_status wl_region_close(wl_region region, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
