#define _POSIX_C_SOURCE 200809L

#include "windlass/archive_job.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "places.h"
#include "windlass/archive.h"

#define LONG_PATH (PATH_BYTES + 32)
#define MINUTE UINT64_C(60000000000)

TEST(archive_job, aJobFailsOnceAndSaysWhy) {
  wl_archive_job job = 0;
  wl_error error;
  wl_archive_report report;
  wl_archive_report_init(&report, sizeof report);
  report.entries = 7;
  CHECK_OK(wl_archive_verify("/nowhere/archive", NULL, &job, NULL));
  CHECK_EQ(live(WL_KIND_ARCHIVE_JOB), 1);
  for (int i = 0; i < 2; ++i) {
    CHECK_STATUS(wl_archive_job_wait(job, MINUTE, &report, &error), WL_STATUS_NOT_FOUND);
    CHECK_CONTAINS(error.message, "/nowhere/archive");
  }
  CHECK_EQ(report.entries, 7);
  wl_archive_progress progress;
  wl_archive_progress_init(&progress, sizeof progress);
  CHECK_OK(wl_archive_job_get_progress(job, &progress, NULL));
  CHECK_EQ(progress.phase, WL_ARCHIVE_PHASE_DONE);
  CHECK_OK(wl_archive_job_cancel(job, NULL));
  CHECK_STATUS(wl_archive_job_wait(job, 0, NULL, NULL), WL_STATUS_NOT_FOUND);
  CHECK_OK(wl_archive_job_close(job, NULL));
  CHECK_STATUS(wl_archive_job_wait(job, 0, NULL, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_archive_job_get_progress(job, &progress, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_archive_job_cancel(job, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_archive_job_close(job, NULL), WL_STATUS_STALE_HANDLE);
}

/* Goal: entries are told page by page. Method: one at a time, in the least room. */
TEST(archive_job, entriesAreToldAsTheyFit) {
  char path[PATH_BYTES];
  char tree[LONG_PATH];
  char archive[LONG_PATH];
  char file[LONG_PATH];
  make_directory(path);
  snprintf(tree, sizeof tree, "%s/tree", path);
  snprintf(archive, sizeof archive, "%s/archive", path);
  snprintf(file, sizeof file, "%s/tree/link", path);
  CHECK(mkdir(tree, 0700) == 0);
  CHECK(symlink("nowhere", file) == 0);
  wl_archive_job job = 0;
  CHECK_OK(wl_archive_save(tree, archive, NULL, &job, NULL));
  CHECK_OK(wl_archive_job_wait(job, MINUTE, NULL, NULL));
  wl_archive_entry entry;
  char names[32];
  uint64_t count = 9;
  CHECK_STATUS(wl_archive_job_list_entries(job, 0, &entry, 1, names, sizeof names, &count, NULL), WL_STATUS_STATE);
  CHECK_EQ(count, 9);
  CHECK_OK(wl_archive_job_close(job, NULL));

  wl_archive_load_options options;
  wl_archive_load_options_init(&options, sizeof options);
  options.keep_entries = 1;
  CHECK_OK(wl_archive_verify(archive, &options, &job, NULL));
  CHECK_OK(wl_archive_job_wait(job, MINUTE, NULL, NULL));
  CHECK_STATUS(wl_archive_job_list_entries(job, 0, &entry, 1, names, 12, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_job_list_entries(job, 0, &entry, 0, names, 32, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_job_list_entries(job, 0, NULL, 1, names, 32, &count, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_archive_job_list_entries(job, 0, &entry, 1, names, 13, &count, NULL));
  CHECK_EQ(count, 1);
  CHECK_EQ(entry.kind, WL_ARCHIVE_ENTRY_SYMBOLIC_LINK);
  CHECK(strcmp(names + entry.path_at, "link") == 0);
  CHECK(strcmp(names + entry.target_at, "nowhere") == 0);
  CHECK_OK(wl_archive_job_list_entries(job, 1, &entry, 1, names, 13, &count, NULL));
  CHECK_EQ(count, 0);
  CHECK_OK(wl_archive_job_close(job, NULL));
  CHECK(unlink(file) == 0);
  CHECK(rmdir(tree) == 0);
  CHECK(unlink(archive) == 0);
  remove_directory(path);
}
