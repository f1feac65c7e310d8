/*
 * The log, which is pulled: the library writes to no stream and calls nobody back.
 *
 * Whoever wants the library's log lines opens a log and reads it. Each open log gets every line that is written while
 * it is open, whichever object wrote it; two readers in one process do not take lines from one another. A log that is
 * not read keeps its newest lines and counts those it dropped.
 *
 * Threads: any.
 */
#ifndef WINDLASS_LOG_H
#define WINDLASS_LOG_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_log;

typedef int32_t wl_log_level;
enum { WL_LOG_DEBUG = 0, WL_LOG_INFO = 1, WL_LOG_WARNING = 2, WL_LOG_ERROR = 3 };

typedef struct wl_log_options {
  uint32_t struct_size;
  wl_log_level level; /* lines below it are not kept; default INFO */
  uint32_t capacity;  /* lines kept until read, 1 to 65536; default 256 */
  uint32_t reserved;  /* 0 */
} wl_log_options;

typedef struct wl_log_record {
  uint32_t struct_size;
  wl_log_level level;
  int64_t time_unix_ns;
  uint64_t dropped; /* lines lost since the record read before this one, for want of reading */
  char source[24];  /* the room that speaks, such as "region" */
  char message[456];
} wl_log_record;

WL_API void wl_log_options_init(wl_log_options* options, uint32_t struct_size);
WL_API void wl_log_record_init(wl_log_record* record, uint32_t struct_size);

/*
 * Opens a log. options may be NULL for the defaults.
 *
 * Errors: INVALID_ARGUMENT; NO_MEMORY.
 */
WL_API wl_status wl_log_open(const wl_log_options* options, wl_log* log, wl_error* error);

/*
 * Takes the oldest line out of the log, waiting for one up to timeout_ns (0: not at all).
 *
 * Errors: TIMEOUT (no line came); STALE_HANDLE (also when the log is closed meanwhile); WRONG_KIND; INVALID_ARGUMENT.
 * Blocks: up to timeout_ns.
 */
WL_API wl_status wl_log_read(wl_log log, int64_t timeout_ns, wl_log_record* record, wl_error* error);

/* Closes the log; a read that waits in it ends. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_log_close(wl_log log, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
