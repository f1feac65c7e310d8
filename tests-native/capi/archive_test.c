#define _XOPEN_SOURCE 700

#include "windlass/archive.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "places.h"

#define LONG_PATH (PATH_BYTES + 32)
#define MINUTE UINT64_C(60000000000)

/* Below a directory, or the directory itself where name is NULL. */
static const char* at(const char* directory, const char* name) {
  static char paths[4][LONG_PATH];
  static unsigned next = 0;
  char* const path = paths[next++ % 4];
  snprintf(path, LONG_PATH, "%s/%s", directory, name);
  return path;
}

static void write_text(const char* path, const char* text) {
  FILE* const file = fopen(path, "wb");
  if (!CHECK(file != NULL)) return;
  CHECK_EQ(fwrite(text, 1, strlen(text), file), strlen(text));
  CHECK(fclose(file) == 0);
}

static int has_text(const char* path, const char* text) {
  char found[64] = {0};
  FILE* const file = fopen(path, "rb");
  if (file == NULL) return 0;
  const size_t count = fread(found, 1, sizeof found - 1, file);
  fclose(file);
  return count == strlen(text) && strcmp(found, text) == 0;
}

static int remove_one(const char* path, const struct stat* status, int kind, struct FTW* where) {
  (void)status;
  (void)kind;
  (void)where;
  return remove(path);
}

static void remove_all(const char* path) { CHECK(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0); }

static void make_tree(char path[PATH_BYTES]) {
  make_directory(path);
  CHECK(mkdir(at(path, "tree"), 0700) == 0);
  write_text(at(path, "tree/file"), "content");
  CHECK(symlink("file", at(path, "tree/link")) == 0);
}

static wl_archive_report done(wl_archive_job job) {
  wl_archive_report report;
  wl_error error;
  wl_archive_report_init(&report, sizeof report);
  if (!CHECK_OK(wl_archive_job_wait(job, MINUTE, &report, &error))) {
    check_failed(__FILE__, __LINE__, "%s", error.message);
  }
  CHECK_OK(wl_archive_job_close(job, NULL));
  return report;
}

TEST(archive, theDefaultsAreThoseOfTheHeader) {
  wl_archive_save_options save;
  wl_archive_load_options load;
  wl_archive_save_options_init(&save, sizeof save);
  CHECK_EQ(save.level, 3);
  CHECK_EQ(save.threads, 0);
  CHECK_EQ(save.sealable, 0);
  CHECK(save.note == NULL);
  CHECK_EQ(save.allow_case_collisions, 0);
  wl_archive_load_options_init(&load, sizeof load);
  CHECK_EQ(load.most_bytes, UINT64_C(1) << 40);
  CHECK_EQ(load.most_entries, 1000000);
  CHECK(load.most_ratio == 200);
  CHECK_EQ(load.durable, 1);
  CHECK(load.expected_root == NULL);
  CHECK_EQ(save.most_bytes, load.most_bytes);
  CHECK_EQ(save.most_entries, load.most_entries);
  CHECK(save.most_ratio == load.most_ratio);
  wl_archive_save_options_init(NULL, sizeof save);
  wl_archive_load_options_init(NULL, sizeof load);
  wl_archive_info_init(NULL, sizeof(wl_archive_info));
}

TEST(archive, aTreeIsSavedSealedInspectedVerifiedAndLoaded) {
  char path[PATH_BYTES];
  wl_archive_job job = 0;
  wl_archive_save_options options;
  make_tree(path);
  wl_archive_save_options_init(&options, sizeof options);
  options.sealable = 1;
  options.note = "a note";
  options.note_bytes = 6;
  CHECK_OK(wl_archive_save(at(path, "tree"), at(path, "archive"), &options, &job, NULL));
  const wl_archive_report saved = done(job);
  CHECK_EQ(saved.entries, 2);
  CHECK_EQ(saved.raw_bytes, 7);
  CHECK_EQ(saved.format, WL_ARCHIVE_FORMAT_WINDLASS);
  CHECK_OK(wl_archive_append_seal(at(path, "archive"), "a seal", 6, NULL));
  CHECK_STATUS(wl_archive_append_seal(at(path, "archive"), "a seal", 6, NULL), WL_STATUS_STATE);

  char note[8] = {0};
  char seal[8] = {0};
  wl_archive_info info;
  wl_archive_info_init(&info, sizeof info);
  CHECK_OK(wl_archive_inspect(at(path, "archive"), &info, note, sizeof note, seal, sizeof seal, NULL));
  CHECK(strcmp(note, "a note") == 0);
  CHECK(strcmp(seal, "a seal") == 0);
  CHECK_EQ(info.sealable, 1);
  CHECK_EQ(info.has_seal, 1);
  CHECK_EQ(info.entries, 2);
  CHECK(memcmp(info.root, saved.root, sizeof info.root) == 0);
  CHECK(info.archive_bytes > saved.archive_bytes);
  CHECK_OK(wl_archive_inspect(at(path, "archive"), &info, NULL, 0, NULL, 0, NULL));
  CHECK_STATUS(wl_archive_inspect(at(path, "archive"), &info, note, 5, NULL, 0, NULL), WL_STATUS_INVALID_ARGUMENT);

  wl_archive_load_options load;
  wl_archive_load_options_init(&load, sizeof load);
  load.expected_root = saved.root;
  CHECK_OK(wl_archive_verify(at(path, "archive"), &load, &job, NULL));
  CHECK_EQ(done(job).raw_bytes, 7);
  CHECK_OK(wl_archive_load(at(path, "archive"), at(path, "back"), &load, &job, NULL));
  CHECK_EQ(done(job).entries, 2);
  CHECK(has_text(at(path, "back/file"), "content"));
  CHECK(has_text(at(path, "back/link"), "content"));
  remove_all(path);
}

TEST(archive, namesThatDifferInCaseOnlyAreSavedIfAllowed) {
  char path[PATH_BYTES];
  wl_archive_job job = 0;
  wl_archive_save_options save;
  wl_archive_load_options load;
  make_tree(path);
  write_text(at(path, "tree/FILE"), "CONTENT");
  CHECK_OK(wl_archive_save(at(path, "tree"), at(path, "archive"), NULL, &job, NULL));
  CHECK_STATUS(wl_archive_job_wait(job, MINUTE, NULL, NULL), WL_STATUS_UNSUPPORTED);
  CHECK_OK(wl_archive_job_close(job, NULL));
  wl_archive_save_options_init(&save, sizeof save);
  save.allow_case_collisions = 1;
  CHECK_OK(wl_archive_save(at(path, "tree"), at(path, "archive"), &save, &job, NULL));
  CHECK_EQ(done(job).entries, 3);
  wl_archive_load_options_init(&load, sizeof load);
  load.allow_case_collisions = 1;
  CHECK_OK(wl_archive_load(at(path, "archive"), at(path, "back"), &load, &job, NULL));
  CHECK_EQ(done(job).entries, 3);
  CHECK(has_text(at(path, "back/FILE"), "CONTENT"));
  remove_all(path);
}

TEST(archive, whatIsStagedIsExchangedForWhatIsThere) {
  char path[PATH_BYTES];
  int32_t exchanged = 7;
  make_directory(path);
  write_text(at(path, "staged"), "new");
  CHECK_OK(wl_archive_exchange(at(path, "staged"), at(path, "place"), &exchanged, NULL));
  CHECK_EQ(exchanged, 0);
  write_text(at(path, "staged"), "newer");
  CHECK_OK(wl_archive_exchange(at(path, "staged"), at(path, "place"), &exchanged, NULL));
  CHECK_EQ(exchanged, 1);
  CHECK(has_text(at(path, "place"), "newer"));
  CHECK(has_text(at(path, "staged"), "new"));
  exchanged = 7;
  CHECK_STATUS(wl_archive_exchange(at(path, "nothing"), at(path, "place"), &exchanged, NULL), WL_STATUS_NOT_FOUND);
  CHECK_EQ(exchanged, 7);
  remove_all(path);
}

TEST(archive, misuseIsRefusedBeforeAnythingBegins) {
  wl_archive_job job = 77;
  int32_t exchanged = 0;
  wl_archive_info info;
  wl_archive_save_options save;
  wl_archive_load_options load;
  wl_archive_info_init(&info, sizeof info);
  CHECK_STATUS(wl_archive_save(NULL, "x", NULL, &job, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_save("x", "", NULL, &job, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_save("x", "y", NULL, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_load(NULL, "x", NULL, &job, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_load("x", NULL, NULL, &job, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_verify(NULL, NULL, &job, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_verify("x", NULL, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_inspect(NULL, &info, NULL, 0, NULL, 0, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_inspect("x", NULL, NULL, 0, NULL, 0, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_append_seal("x", NULL, 1, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_append_seal("x", "y", WL_ARCHIVE_MOST_SEAL_BYTES + 1, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_exchange(NULL, "x", &exchanged, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_archive_exchange("x", "y", NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
#define REFUSES_SAVE(field, value)                  \
  wl_archive_save_options_init(&save, sizeof save); \
  save.field = value;                               \
  CHECK_STATUS(wl_archive_save("x", "y", &save, &job, NULL), WL_STATUS_INVALID_ARGUMENT)
  REFUSES_SAVE(level, 20);
  REFUSES_SAVE(level, -8);
  REFUSES_SAVE(threads, 65);
  REFUSES_SAVE(frame_bytes, 65535);
  REFUSES_SAVE(frame_bytes, (UINT64_C(64) << 20) + 1);
  REFUSES_SAVE(note_bytes, 1);
  REFUSES_SAVE(most_ratio, 0.5);
  REFUSES_SAVE(struct_size, 8);
  wl_archive_load_options_init(&load, sizeof load);
  load.most_ratio = 0.5;
  CHECK_STATUS(wl_archive_verify("x", &load, &job, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(job, 77);
}
