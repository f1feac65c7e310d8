/*
 * Backups: the places where a region's bytes can be while it is paused, and the forms they can have there.
 */
#ifndef WINDLASS_BACKUP_H
#define WINDLASS_BACKUP_H

#include "windlass/backup_directory.h"
#include "windlass/page_pool.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t wl_backup_kind;
enum {
  /* Bytes are dropped at pause; after resume the content is undefined. */
  WL_BACKUP_NONE = 0,
  /* Bytes go to host memory that is taken at pause and really given back at resume. */
  WL_BACKUP_PAGEABLE = 1,
  /* Bytes go to prepared pages of a pool, and the pages return to the pool at resume. */
  WL_BACKUP_POOLED = 2,
  /* Bytes go to a file in a backup directory, each 2 MiB with a checksum. */
  WL_BACKUP_FILE = 3,
  /* As many bytes as there is room for go to the pool (if one is given), then to pageable memory within a budget, and
     the rest to the directory (if one is given). */
  WL_BACKUP_TIERED = 4
};

typedef int32_t wl_compression;
enum {
  WL_COMPRESSION_NONE = 0,
  /* Samples, and takes what promises most for these bytes; what will not shrink is kept as it is. Lossless, as all. */
  WL_COMPRESSION_AUTO = 1,
  WL_COMPRESSION_LZ4 = 2,
  WL_COMPRESSION_ZSTD = 3,
  /* For arrays of floating-point numbers: exponents and mantissas apart. */
  WL_COMPRESSION_BF16 = 4,
  WL_COMPRESSION_FP16 = 5,
  WL_COMPRESSION_FP32 = 6
};

#ifdef __cplusplus
}
#endif

#endif
