#define _POSIX_C_SOURCE 200809L

#include "places.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"

const backup_plan plans[PLAN_COUNT] = {
    {"pageable", WL_BACKUP_PAGEABLE, 0, 0, 0},
    {"pooled", WL_BACKUP_POOLED, 4 * PLAN_BYTES, 0, 0},
    {"file", WL_BACKUP_FILE, 0, 0, 1},
    {"tiered over all", WL_BACKUP_TIERED, 4 * MIB, 2 * MIB, 1},
    {"tiered over a pool", WL_BACKUP_TIERED, 4 * PLAN_BYTES, 0, 0},
    {"tiered over a budget", WL_BACKUP_TIERED, 0, 4 * PLAN_BYTES, 0},
    {"tiered over a directory", WL_BACKUP_TIERED, 0, 0, 1},
};

const backup_plan* const plan_over_all = &plans[3];

void make_directory(char path[PATH_BYTES]) {
  /* Not /tmp, which is often in memory, where there are no direct transfers. */
  snprintf(path, PATH_BYTES, "%s", "/var/tmp/windlass-capi-XXXXXX");
  if (mkdtemp(path) != NULL) return;
  snprintf(path, PATH_BYTES, "%s", "windlass-capi-XXXXXX");
  CHECK(mkdtemp(path) != NULL);
}

void remove_directory(const char* path) { CHECK(rmdir(path) == 0); }

int count_names(const char* path, const char* end) {
  int count = 0;
  DIR* const listing = opendir(path);
  if (!CHECK(listing != NULL)) return -1;
  for (const struct dirent* entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
    const size_t length = strlen(entry->d_name);
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || length < strlen(end)) continue;
    if (strcmp(entry->d_name + length - strlen(end), end) == 0) count += 1;
  }
  closedir(listing);
  return count;
}

wl_backup_directory open_directory(const char* path) {
  wl_backup_directory directory = 0;
  wl_error error;
  if (!CHECK_OK(wl_backup_directory_open(path, NULL, &directory, &error))) {
    check_failed(__FILE__, __LINE__, "%s", error.message);
  }
  return directory;
}

wl_backup_directory_info directory_info(wl_backup_directory directory) {
  wl_backup_directory_info info;
  wl_backup_directory_info_init(&info, sizeof info);
  CHECK_OK(wl_backup_directory_get_info(directory, &info, NULL));
  return info;
}

places open_places(const backup_plan* plan) {
  places opened;
  memset(&opened, 0, sizeof opened);
  if (plan->pool_bytes != 0) {
    wl_page_pool_options options;
    wl_page_pool_options_init(&options, sizeof options);
    options.limit_bytes = plan->pool_bytes;
    options.worker_threads = 1;
    CHECK_OK(wl_page_pool_open(&options, &opened.pool, NULL));
  }
  if (plan->files != 0) {
    make_directory(opened.path);
    opened.directory = open_directory(opened.path);
  }
  return opened;
}

void close_places(const places* open) {
  if (open->pool != 0) {
    CHECK_EQ(pool_info(open->pool).lent_bytes, 0);
    CHECK_OK(wl_page_pool_close(open->pool, NULL));
  }
  if (open->directory != 0) {
    CHECK_EQ(directory_info(open->directory).stored_bytes, 0);
    CHECK_OK(wl_backup_directory_close(open->directory, NULL));
    CHECK_EQ(count_names(open->path, ""), 0);
    remove_directory(open->path);
  }
}

wl_region_options options_for(const backup_plan* plan, const places* open) {
  wl_region_options options;
  wl_region_options_init(&options, sizeof options);
  options.backup = plan->kind;
  options.pool = open->pool;
  options.directory = open->directory;
  options.pageable_budget_bytes = plan->budget_bytes;
  options.chunk_bytes = GRANULE;
  return options;
}
