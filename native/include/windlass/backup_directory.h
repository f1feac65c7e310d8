/*
 * Backup directories: where regions keep their bytes in files while they are paused.
 *
 * Files are written past the page cache where the file system lets, with io_uring where the system lets, readable by
 * their owner only, and gone when their region is. What a process that died has left behind is removed when the
 * directory is opened next; what others use is left alone. Regions that use a directory keep it open.
 *
 * Threads: any.
 */
#ifndef WINDLASS_BACKUP_DIRECTORY_H
#define WINDLASS_BACKUP_DIRECTORY_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_backup_directory;

typedef int32_t wl_file_engine;
enum {
  /* io_uring where the system allows it, else threads. */
  WL_FILE_ENGINE_AUTO = 0,
  WL_FILE_ENGINE_IO_URING = 1,
  WL_FILE_ENGINE_THREADS = 2
};

typedef struct wl_backup_directory_options {
  uint32_t struct_size;
  wl_file_engine engine; /* default AUTO */
  int32_t direct;        /* 0: through the page cache; default 1: past it, where the file system can */
  uint32_t queue_depth;  /* transfers under way at once, 2 to 256; 0 (default): as many as pay */
  uint64_t block_bytes;  /* of one transfer, a multiple of 2 MiB; 0 (default): 2 MiB */
} wl_backup_directory_options;

typedef struct wl_backup_directory_info {
  uint32_t struct_size;
  wl_file_engine engine; /* the one in use */
  int32_t direct;        /* 1: past the page cache */
  int32_t in_memory;     /* 1: the file system keeps its files in memory, so that a pause frees none */
  uint64_t free_bytes;   /* of the file system, for us */
  uint64_t stored_bytes; /* room that backups have here now, through this handle's directory */
  uint64_t swept_files;  /* left behind by dead processes, and removed when this was opened */
  uint64_t swept_bytes;
} wl_backup_directory_info;

WL_API void wl_backup_directory_options_init(wl_backup_directory_options* options, uint32_t struct_size);
WL_API void wl_backup_directory_info_init(wl_backup_directory_info* info, uint32_t struct_size);

/*
 * Opens a directory, which must exist, and removes what dead processes left in it. path is UTF-8; options may be NULL
 * for the defaults.
 *
 * Errors: INVALID_ARGUMENT; NOT_FOUND; PERMISSION; UNSUPPORTED (the engine); IO. Blocks: while files are removed.
 */
WL_API wl_status wl_backup_directory_open(const char* path, const wl_backup_directory_options* options,
                                          wl_backup_directory* directory, wl_error* error);

/* Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT; IO. */
WL_API wl_status wl_backup_directory_get_info(wl_backup_directory directory, wl_backup_directory_info* info,
                                              wl_error* error);

/* Gives the handle up. The directory goes with the last region that uses it. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_backup_directory_close(wl_backup_directory directory, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
