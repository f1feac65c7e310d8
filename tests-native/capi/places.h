/* Places for backups: a directory that is the test's own, and every kind of backup over it. */
#ifndef WINDLASS_TESTS_CAPI_PLACES_H
#define WINDLASS_TESTS_CAPI_PLACES_H

#include "windlass/windlass.h"

/* Makes a directory, on a disk where there is one, and keeps its path in path. */
#define PATH_BYTES 64
void make_directory(char path[PATH_BYTES]);

/* Removes it. What is left in it by then is a failure. */
void remove_directory(const char* path);

/* How many names in the directory end so; "" counts all. */
int count_names(const char* path, const char* end);

/* A backup directory with the defaults. */
wl_backup_directory open_directory(const char* path);
wl_backup_directory_info directory_info(wl_backup_directory directory);

/* A kind of backup: what of a pool, a budget and a directory it goes to. */
typedef struct backup_plan {
  const char* name;
  wl_backup_kind kind;
  uint64_t pool_bytes;   /* the pool's limit; 0: no pool */
  uint64_t budget_bytes; /* of pageable memory, of the tiered one */
  int32_t files;         /* 1: a directory */
} backup_plan;

/* All kinds that keep bytes, for images up to PLAN_BYTES. */
#define PLAN_COUNT 7
#define PLAN_BYTES (16 * (uint64_t)1048576)
extern const backup_plan plans[PLAN_COUNT];

/* Tiered over a pool of 4 MiB, 2 MiB of pageable memory, and a directory. */
extern const backup_plan* const plan_over_all;

/* What a plan needs, open. */
typedef struct places {
  char path[PATH_BYTES];
  wl_page_pool pool;
  wl_backup_directory directory;
} places;

places open_places(const backup_plan* plan);

/* Nothing may be left in the directory, so that regions must be closed before. */
void close_places(const places* open);

/* Options for a region with that backup; chunks of 2 MiB. */
wl_region_options options_for(const backup_plan* plan, const places* open);

#endif
