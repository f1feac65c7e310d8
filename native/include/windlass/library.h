/*
 * The library itself: its version, what it can do on this machine, and what it still holds.
 *
 * Threads: every function here may be called from any thread at any time.
 */
#ifndef WINDLASS_LIBRARY_H
#define WINDLASS_LIBRARY_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The ABI that these headers describe. The minor number grows when something is added, the major one when something
 * that was there changes; a caller built against 1.2 runs with a library of 1.2, 1.3 and so on.
 */
enum { WL_ABI_MAJOR = 0, WL_ABI_MINOR = 6 };

/* The ABI version of the library that is loaded: major * 65536 + minor. */
WL_API uint32_t wl_abi_version(void);

/*
 * Says whether a caller built against ABI major.minor can use this library. While the major number is 0 the minor
 * numbers must be equal.
 *
 * Errors: VERSION.
 */
WL_API wl_status wl_abi_check(int32_t major, int32_t minor, wl_error* error);

/* The release, such as "0.1.0". Static. */
WL_API const char* wl_version(void);

/* What a 64-bit handle can name. A handle is never 0. */
typedef int32_t wl_kind;
enum {
  WL_KIND_DEVICE = 1,
  WL_KIND_REGION = 2,
  WL_KIND_PAGE_POOL = 3,
  WL_KIND_LOG = 4,
  WL_KIND_REGION_SET = 5,
  WL_KIND_BACKUP_DIRECTORY = 6,
  WL_KIND_EXPORT = 7,
  WL_KIND_IMPORT = 8,
  WL_KIND_VOLUME = 9,
  WL_KIND_STORE = 10,
  WL_KIND_LEASE = 11,
  WL_KIND_BUFFER = 12,
  WL_KIND_ARCHIVE_JOB = 13,
  WL_KIND_OFFER = 14,
  WL_KIND_PLAN = 15,
  WL_KIND_LAST = 15
};

/* The kind's name, such as "region"; "unknown" for a number that is no kind. Static. */
WL_API const char* wl_kind_name(wl_kind kind);

/*
 * Counts the objects of a kind that live in this process: those with a handle, and those whose handle is closed but
 * which another object or a call under way still uses.
 *
 * Errors: INVALID_ARGUMENT (no such kind, live is NULL).
 */
WL_API wl_status wl_live_count(wl_kind kind, uint64_t* live, wl_error* error);

/* What a machine may or may not have. */
typedef int32_t wl_feature;
enum {
  WL_FEATURE_AVX2 = 0,
  WL_FEATURE_AVX512 = 1,
  WL_FEATURE_TRANSPARENT_HUGEPAGES = 2,
  WL_FEATURE_POPULATE = 3,
  WL_FEATURE_MEMORY_LOCK = 4,
  WL_FEATURE_IO_URING = 5,
  WL_FEATURE_CUDA = 6,
  WL_FEATURE_RDMA = 7,
  WL_FEATURE_MOONCAKE = 8,
  WL_FEATURE_COUNT = 9
};

typedef struct wl_feature_info {
  uint32_t struct_size;
  int32_t present;  /* 1 if it is there and usable, else 0 */
  char name[32];    /* such as "io_uring" */
  char detail[160]; /* what was found, or why it is off */
  char remedy[160]; /* what to do to have it; empty when it is there */
} wl_feature_info;

WL_API void wl_feature_info_init(wl_feature_info* info, uint32_t struct_size);

/*
 * Looks for a feature on this machine, now.
 *
 * Errors: INVALID_ARGUMENT (no such feature, info is NULL or of an unknown size).
 */
WL_API wl_status wl_feature_query(wl_feature feature, wl_feature_info* info, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
