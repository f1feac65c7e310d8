/*
 * Jobs on archives: waiting for them, watching them, ending them.
 *
 * A job is started by wl_archive_save, wl_archive_load or wl_archive_verify, and works in threads of its own. Its
 * handle must be closed, which ends it if need be.
 *
 * Threads: any.
 */
#ifndef WINDLASS_ARCHIVE_JOB_H
#define WINDLASS_ARCHIVE_JOB_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_archive_job;

typedef int32_t wl_archive_format;
enum {
  WL_ARCHIVE_FORMAT_WINDLASS = 0, /* with an index */
  WL_ARCHIVE_FORMAT_ZSTD_TAR = 1, /* of another tool */
  WL_ARCHIVE_FORMAT_TAR = 2
};

typedef int32_t wl_archive_phase;
enum {
  WL_ARCHIVE_PHASE_SCANNING = 0,  /* looking at the files, or at the index */
  WL_ARCHIVE_PHASE_MOVING = 1,    /* compressing, or extracting */
  WL_ARCHIVE_PHASE_FINISHING = 2, /* checking, and waiting for the disk */
  WL_ARCHIVE_PHASE_DONE = 3       /* or failed */
};

typedef int32_t wl_archive_entry_kind;
enum {
  WL_ARCHIVE_ENTRY_FILE = 0,
  WL_ARCHIVE_ENTRY_DIRECTORY = 1,
  WL_ARCHIVE_ENTRY_SYMBOLIC_LINK = 2,
  WL_ARCHIVE_ENTRY_HARD_LINK = 3
};

typedef struct wl_archive_progress {
  uint32_t struct_size;
  wl_archive_phase phase;
  uint64_t done_bytes;  /* of the files */
  uint64_t total_bytes; /* 0 while it is not known */
  uint64_t entries;     /* done */
} wl_archive_progress;

typedef struct wl_archive_report {
  uint32_t struct_size;
  wl_archive_format format;
  uint64_t entries;       /* directories and links included; the tree's own directory not */
  uint64_t raw_bytes;     /* of the files */
  uint64_t archive_bytes; /* of the archive, without its seal */
  uint64_t duration_ns;
  uint8_t root[32]; /* SHA-256 of the index; zeros where there is none */
} wl_archive_report;

typedef struct wl_archive_entry {
  wl_archive_entry_kind kind;
  uint32_t mode; /* permissions, as a load sets them */
  uint64_t bytes;
  uint64_t path_at;   /* where in the names its path begins, which ends with a NUL */
  uint64_t target_at; /* the same of what a link names; of others, an empty string */
} wl_archive_entry;

WL_API void wl_archive_progress_init(wl_archive_progress* progress, uint32_t struct_size);
WL_API void wl_archive_report_init(wl_archive_report* report, uint32_t struct_size);

/*
 * Waits until the job is done, at most so long; timeout_ns 0 only looks. It may be called again and by many; each gets
 * the same result. report may be NULL.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; TIMEOUT; those of the job. Blocks.
 */
WL_API wl_status wl_archive_job_wait(wl_archive_job job, uint64_t timeout_ns, wl_archive_report* report,
                                     wl_error* error);

/* How far it is. Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT. */
WL_API wl_status wl_archive_job_get_progress(wl_archive_job job, wl_archive_progress* progress, wl_error* error);

/* Asks it to stop, clean up, and be done with STATE; what is done already stays. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_archive_job_cancel(wl_archive_job job, wl_error* error);

/*
 * Tells entries of a load or verify with keep_entries that has succeeded, in the archive's order, from the given one
 * on: as many as fit, entry_capacity of them at most and their paths in name_capacity bytes. count is how many were
 * told: 0 at the end.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT (not a single one fits, though there is one); STATE (the job is
 * not done, failed, or did not keep them).
 */
WL_API wl_status wl_archive_job_list_entries(wl_archive_job job, uint64_t first, wl_archive_entry* entries,
                                             uint64_t entry_capacity, char* names, uint64_t name_capacity,
                                             uint64_t* count, wl_error* error);

/* Cancels it, and waits until it has cleaned up. Errors: STALE_HANDLE; WRONG_KIND. Blocks. */
WL_API wl_status wl_archive_job_close(wl_archive_job job, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
