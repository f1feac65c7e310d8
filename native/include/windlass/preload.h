/*
 * The preloaded library: regions for programs that allocate through CUDA's runtime.
 *
 * These functions are in libwindlass_preload.so, not in libwindlass.so. The library stands before CUDA's runtime
 * (LD_PRELOAD) and answers cudaMalloc and cudaFree: within a scope, memory comes from a region, which can be paused and
 * resumed by its tag; outside, CUDA's own functions are called. A program that is not linked with it finds these
 * functions by name, with dlsym(RTLD_DEFAULT, …).
 *
 * A scope says what the memory that its thread allocates is like. Scopes nest; what one leaves unsaid is as in the
 * scope around. Around all scopes of all threads is that of the environment (WINDLASS_PRELOAD_TAG,
 * WINDLASS_PRELOAD_BACKUP, WINDLASS_PRELOAD_RETAIN, WINDLASS_PRELOAD_VERIFY, WINDLASS_PRELOAD_ENABLED), if it says
 * anything. If it cannot be understood, every function here fails with the reason, and cudaMalloc is CUDA's own.
 *
 * The library has a core of its own: it and libwindlass.so in one process know nothing of each other.
 *
 * Threads: any. A scope belongs to the thread that entered it, and ends with it at the latest. Fork: a child process
 * must not use what its parent allocated, as with CUDA itself.
 */
#ifndef WINDLASS_PRELOAD_H
#define WINDLASS_PRELOAD_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In place of a choice: as in the scope around. Around the outermost one: enabled, pageable, no retain, no verify. */
enum { WL_PRELOAD_AS_AROUND = -1 };

/* Where the bytes go while the memory is paused. */
typedef int32_t wl_preload_backup;
enum {
  /* They are dropped; after resume the content is undefined. */
  WL_PRELOAD_BACKUP_NONE = 0,
  /* To host memory that is taken at pause and given back at resume. */
  WL_PRELOAD_BACKUP_PAGEABLE = 1,
  /* To host memory of the process's one pool, within its limit; see wl_preload_pool_prepare. */
  WL_PRELOAD_BACKUP_POOLED = 2,
  /* To files in a directory. */
  WL_PRELOAD_BACKUP_FILE = 3
};

typedef struct wl_preload_scope_options {
  uint32_t struct_size;
  int32_t enabled;           /* 1: cudaMalloc gives regions; 0: it is CUDA's own; default AS_AROUND */
  const char* tag;           /* names the memory for pause and resume; NULL (default): as around */
  const char* directory;     /* for FILE: where, it must exist; NULL: as around */
  wl_preload_backup backup;  /* default AS_AROUND */
  int32_t retain;            /* 1: the backup keeps its room after resume, for the next pause; default AS_AROUND */
  int32_t verify;            /* 1: checksum at pause, check at resume; FILE always does; default AS_AROUND */
  uint32_t reserved;         /* 0 */
  uint64_t pool_limit_bytes; /* for POOLED: the most that the pool holds; 0 (default): as it is, or half the memory */
} wl_preload_scope_options;

/* What a pause or a resume did. */
typedef struct wl_preload_report {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t regions;      /* with the tag */
  uint64_t done;         /* of these, paused or resumed by this call */
  uint64_t skipped;      /* were there already */
  uint64_t moved_bytes;  /* copied to, or from, the backups */
  uint64_t memory_bytes; /* of the device: really given back, as measured, or taken */
  uint64_t total_ns;     /* the whole call */
} wl_preload_report;

typedef struct wl_preload_info {
  uint32_t struct_size;
  int32_t interposing;    /* 1: cudaMalloc in the calling thread gives regions now */
  uint64_t regions;       /* with the tag; so are the next five */
  uint64_t paused;        /* of these */
  uint64_t size_bytes;    /* as asked for */
  uint64_t mapped_bytes;  /* on the devices */
  uint64_t backup_bytes;  /* host memory that backups hold */
  uint64_t stored_bytes;  /* in files */
  uint64_t margin_bytes;  /* see wl_preload_set_margin */
  uint64_t failures;      /* allocations that were refused, and frees that failed, since the process began */
  char last_failure[248]; /* the last one's reason, which cudaMalloc cannot tell; empty if there was none */
} wl_preload_info;

WL_API void wl_preload_scope_options_init(wl_preload_scope_options* options, uint32_t struct_size);
WL_API void wl_preload_report_init(wl_preload_report* report, uint32_t struct_size);
WL_API void wl_preload_info_init(wl_preload_info* info, uint32_t struct_size);

/* The ABI version of this library, as wl_abi_version tells it of libwindlass.so: major * 65536 + minor. */
WL_API uint32_t wl_preload_abi_version(void);

/*
 * Begins a scope of the calling thread; scope gets its number, for leave. options may be NULL for one that changes
 * nothing but that it is there.
 *
 * Errors: INVALID_ARGUMENT; STATE (the pool has another limit; the thread is ending); NOT_FOUND, PERMISSION, IO
 * (directory); UNSUPPORTED.
 */
WL_API wl_status wl_preload_scope_enter(const wl_preload_scope_options* options, uint64_t* scope, wl_error* error);

/* Ends a scope. Errors: STATE (not the innermost scope of this thread). */
WL_API wl_status wl_preload_scope_leave(uint64_t scope, wl_error* error);

/*
 * Pauses all memory with the tag, or all there is if tag is NULL, as one: on an error all of it is as before. Memory
 * that is paused already is an error, or is passed over if skip_done is 1. report may be NULL.
 *
 * Errors: STATE (already paused); NO_SPACE, NO_MEMORY, IO (backup); DEVICE. What could not be brought back after an
 * error is paused with its bytes kept, and the message says so. Blocks: until the devices have finished their work, and
 * for the copy. Nobody may use the memory until it is resumed.
 */
WL_API wl_status wl_preload_pause(const char* tag, int32_t skip_done, wl_preload_report* report, wl_error* error);

/*
 * Resumes all memory with the tag, or all there is if tag is NULL, as one, at the same addresses, with the same bytes.
 *
 * Errors: STATE (not paused, unless skip_done is 1); NO_MEMORY; CORRUPT; IO; DEVICE. On an error all of it stays
 * paused. Blocks: for the copy.
 */
WL_API wl_status wl_preload_resume(const char* tag, int32_t skip_done, wl_preload_report* report, wl_error* error);

/* Tells of the memory with the tag, or of all there is if tag is NULL. Errors: INVALID_ARGUMENT. */
WL_API wl_status wl_preload_get_info(const char* tag, wl_preload_info* info, wl_error* error);

/* From now on, cudaMalloc is refused a region that would leave less of its device free. Errors: none of its own. */
WL_API wl_status wl_preload_set_margin(uint64_t margin_bytes, wl_error* error);

/*
 * Makes sure that the pool of POOLED holds so many bytes that are not lent, so that no pause waits for pages.
 *
 * Errors: STATE (no scope has named POOLED yet); NO_SPACE (beyond the limit); NO_MEMORY. Blocks: while pages are
 * populated.
 */
WL_API wl_status wl_preload_pool_prepare(uint64_t size_bytes, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
