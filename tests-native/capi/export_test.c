#define _POSIX_C_SOURCE 200809L

#include "windlass/export.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "process.h"

#define SIZE (5 * MIB + 12345)
#define MAPPED (6 * MIB)
#define PIECES 3

static wl_device open_shareable(void) {
  wl_device_options options;
  wl_device device = 0;
  wl_device_options_init(&options, sizeof options);
  CHECK_EQ(options.shareable, 0);
  options.memory_bytes = DEVICE_BYTES;
  options.worker_threads = 1;
  options.shareable = 1;
  CHECK_OK(wl_device_open(&options, &device, NULL));
  return device;
}

static uint8_t* memory_of(wl_region region) { return (uint8_t*)(uintptr_t)region_info(region).address; }

static wl_export open_export(wl_region region, wl_export_name* name) {
  wl_export exported = 0;
  CHECK_OK(wl_export_open(region, name, &exported, NULL));
  return exported;
}

/* All pieces of an export of SIZE in chunks of GRANULE. */
static void get_pieces(wl_export exported, wl_export_piece pieces[PIECES]) {
  for (uint32_t i = 0; i < PIECES; ++i) CHECK_OK(wl_export_get_piece(exported, i, &pieces[i], NULL));
}

static void close_pieces(const wl_export_piece pieces[PIECES]) {
  for (int i = 0; i < PIECES; ++i) CHECK(close(pieces[i].descriptor) == 0);
}

static wl_import open_import(wl_device device, const wl_export_piece pieces[PIECES], uint8_t** memory) {
  uint64_t address = 0;
  uint64_t size_bytes = 0;
  wl_import imported = 0;
  wl_error error;
  if (!CHECK_OK(wl_import_open(device, pieces, PIECES, &address, &size_bytes, &imported, &error))) {
    check_failed(__FILE__, __LINE__, "%s", error.message);
  }
  CHECK_EQ(size_bytes, MAPPED);
  *memory = (uint8_t*)(uintptr_t)address;
  return imported;
}

TEST(export, itsNameAndPiecesDescribeTheRegion) {
  wl_export_name name;
  wl_export_piece piece;
  const wl_device device = open_shareable();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  const wl_export exported = open_export(region, &name);
  CHECK_EQ(live(WL_KIND_EXPORT), 1);
  CHECK_EQ(name.allocation_id, region_info(region).allocation_id);
  CHECK_EQ(name.generation, 1);
  CHECK_EQ(name.size_bytes, MAPPED);
  CHECK_EQ(name.owner_pid, getpid());
  CHECK_EQ(name.pieces, PIECES);
  CHECK(name.owner_nonce != 0);
  for (uint32_t i = 0; i < PIECES; ++i) {
    CHECK_OK(wl_export_get_piece(exported, i, &piece, NULL));
    CHECK_EQ(piece.offset, i * GRANULE);
    CHECK_EQ(piece.size_bytes, GRANULE);
    CHECK_EQ(piece.reserved, 0);
    CHECK((fcntl(piece.descriptor, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(close(piece.descriptor) == 0);
  }
  CHECK_OK(wl_export_close(exported, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(export, bothSidesSeeTheSameBytes) {
  wl_export_name name;
  wl_export_piece pieces[PIECES];
  uint8_t* seen = NULL;
  const wl_device device = open_shareable();
  const wl_device other = open_shareable();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  fill_pattern(memory_of(region), SIZE, 1);
  const wl_export exported = open_export(region, &name);
  get_pieces(exported, pieces);
  const wl_import imported = open_import(other, pieces, &seen);
  CHECK_EQ(live(WL_KIND_IMPORT), 1);
  close_pieces(pieces);
  CHECK(seen != memory_of(region));
  CHECK_EQ(first_difference(seen, SIZE, 1), SIZE);
  fill_pattern(seen, SIZE, 2);
  CHECK_EQ(first_difference(memory_of(region), SIZE, 2), SIZE);
  memory_of(region)[GRANULE] = 99;
  CHECK_EQ(seen[GRANULE], 99);
  CHECK_OK(wl_export_check(exported, &name, NULL));
  CHECK_OK(wl_import_close(imported, NULL));
  CHECK_OK(wl_export_close(exported, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(other, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(export, aPauseMakesItStaleAndANewOneIsGood) {
  wl_export_name name;
  wl_export_name next_name;
  wl_export_piece pieces[PIECES];
  uint8_t* seen = NULL;
  wl_error error;
  wl_export none = 77;
  const wl_device device = open_shareable();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  fill_pattern(memory_of(region), SIZE, 3);
  const wl_export exported = open_export(region, &name);
  get_pieces(exported, pieces);
  const wl_import imported = open_import(device, pieces, &seen);
  close_pieces(pieces);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK_STATUS(wl_export_open(region, &next_name, &none, &error), WL_STATUS_STATE);
  CHECK_EQ(none, 77);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  memset(&pieces[0], POISON, sizeof pieces[0]);
  CHECK_STATUS(wl_export_get_piece(exported, 0, &pieces[0], &error), WL_STATUS_STATE);
  CHECK_CONTAINS(error.message, "stale");
  CHECK(is_poisoned(&pieces[0], sizeof pieces[0]));
  CHECK_STATUS(wl_export_check(exported, &name, &error), WL_STATUS_STATE);
  CHECK_CONTAINS(error.message, "export the region again");
  /* Who imported the old pages keeps them, and what he writes reaches nobody. */
  CHECK_EQ(first_difference(seen, SIZE, 3), SIZE);
  memset(seen, 0, SIZE);
  CHECK_EQ(first_difference(memory_of(region), SIZE, 3), SIZE);
  CHECK_OK(wl_import_close(imported, NULL));
  const wl_export again = open_export(region, &next_name);
  CHECK_EQ(next_name.generation, 2);
  CHECK_EQ(next_name.allocation_id, name.allocation_id);
  CHECK_STATUS(wl_export_check(again, &name, NULL), WL_STATUS_STATE);
  CHECK_OK(wl_export_check(again, &next_name, NULL));
  get_pieces(again, pieces);
  const wl_import imported_again = open_import(device, pieces, &seen);
  close_pieces(pieces);
  CHECK_EQ(first_difference(seen, SIZE, 3), SIZE);
  CHECK_OK(wl_import_close(imported_again, NULL));
  CHECK_OK(wl_export_close(again, NULL));
  CHECK_OK(wl_export_close(exported, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(export, aForeignNameIsNotFound) {
  wl_export_name names[2];
  wl_export_name name;
  wl_region regions[2];
  wl_export exports[2];
  const wl_device device = open_shareable();
  for (int i = 0; i < 2; ++i) {
    regions[i] = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
    exports[i] = open_export(regions[i], &names[i]);
  }
  CHECK_STATUS(wl_export_check(exports[0], &names[1], NULL), WL_STATUS_NOT_FOUND);
  name = names[0];
  name.owner_pid += 1;
  CHECK_STATUS(wl_export_check(exports[0], &name, NULL), WL_STATUS_NOT_FOUND);
  name = names[0];
  name.owner_nonce += 1;
  CHECK_STATUS(wl_export_check(exports[0], &name, NULL), WL_STATUS_NOT_FOUND);
  name = names[0];
  name.size_bytes += GRANULE;
  CHECK_STATUS(wl_export_check(exports[0], &name, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_OK(wl_export_check(exports[0], &names[0], NULL));
  for (int i = 0; i < 2; ++i) {
    CHECK_OK(wl_export_close(exports[i], NULL));
    CHECK_OK(wl_region_close(regions[i], NULL));
  }
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(export, aDeviceThatIsNotShareableSaysSo) {
  wl_export_name name;
  wl_export_piece pieces[PIECES];
  wl_error error;
  wl_export exported = 77;
  wl_import imported = 77;
  uint64_t address = 77;
  uint64_t size_bytes = 77;
  const wl_device private_one = open_device();
  const wl_device device = open_shareable();
  const wl_region kept = open_region(private_one, SIZE, WL_BACKUP_PAGEABLE, 0);
  const wl_region shared = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  memset(&name, POISON, sizeof name);
  CHECK_STATUS(wl_export_open(kept, &name, &exported, &error), WL_STATUS_UNSUPPORTED);
  CHECK_CONTAINS(error.message, "open it as shareable");
  CHECK(is_poisoned(&name, sizeof name));
  CHECK_EQ(exported, 77);
  exported = open_export(shared, &name);
  get_pieces(exported, pieces);
  CHECK_STATUS(wl_import_open(private_one, pieces, PIECES, &address, &size_bytes, &imported, &error),
               WL_STATUS_UNSUPPORTED);
  CHECK(address == 77 && size_bytes == 77 && imported == 77);
  close_pieces(pieces);
  CHECK_OK(wl_export_close(exported, NULL));
  CHECK_OK(wl_region_close(shared, NULL));
  CHECK_OK(wl_region_close(kept, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_OK(wl_device_close(private_one, NULL));
}

static void check_import_refused(wl_device device, const wl_export_piece* pieces, uint32_t count, wl_status expected,
                                 const char* part) {
  uint64_t address = 77;
  uint64_t size_bytes = 77;
  wl_import imported = 77;
  wl_error error;
  if (CHECK_STATUS(wl_import_open(device, pieces, count, &address, &size_bytes, &imported, &error), expected)) {
    CHECK_CONTAINS(error.message, part);
  }
  CHECK(address == 77 && size_bytes == 77 && imported == 77);
}

TEST(export, piecesThatDoNotFitAreNotImported) {
  wl_export_name name;
  wl_export_piece pieces[PIECES];
  wl_export_piece wrong[PIECES];
  const wl_device device = open_shareable();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  const wl_export exported = open_export(region, &name);
  get_pieces(exported, pieces);
  check_import_refused(device, NULL, 1, WL_STATUS_INVALID_ARGUMENT, "pieces is NULL");
  check_import_refused(device, pieces, 0, WL_STATUS_INVALID_ARGUMENT, "0 pieces");
  check_import_refused(device, pieces, UINT32_MAX, WL_STATUS_INVALID_ARGUMENT, "pieces");
  check_import_refused(device, pieces + 1, 2, WL_STATUS_INVALID_ARGUMENT, "piece 0");
  memcpy(wrong, pieces, sizeof wrong);
  wrong[2].offset = 2 * GRANULE + 1;
  check_import_refused(device, wrong, PIECES, WL_STATUS_INVALID_ARGUMENT, "piece 2");
  memcpy(wrong, pieces, sizeof wrong);
  wrong[2].size_bytes = GRANULE - 1;
  check_import_refused(device, wrong, PIECES, WL_STATUS_INVALID_ARGUMENT, "granularity");
  memcpy(wrong, pieces, sizeof wrong);
  wrong[2].size_bytes = 2 * GRANULE;
  check_import_refused(device, wrong, PIECES, WL_STATUS_INVALID_ARGUMENT, "import");
  memcpy(wrong, pieces, sizeof wrong);
  wrong[1].descriptor = -1;
  check_import_refused(device, wrong, PIECES, WL_STATUS_INVALID_ARGUMENT, "piece 1");
  const int other_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  wrong[1].descriptor = other_file;
  check_import_refused(device, wrong, PIECES, WL_STATUS_INVALID_ARGUMENT, "import");
  CHECK(close(other_file) == 0);
  wrong[1].descriptor = INT32_MAX; /* which nobody has open */
  check_import_refused(device, wrong, PIECES, WL_STATUS_INVALID_ARGUMENT, "import");
  check_import_refused(region, pieces, PIECES, WL_STATUS_WRONG_KIND, "where a device is wanted");
  CHECK_EQ(live(WL_KIND_IMPORT), 0);
  close_pieces(pieces);
  CHECK_OK(wl_export_close(exported, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  check_import_refused(device, pieces, PIECES, WL_STATUS_STALE_HANDLE, "");
}

/* Calls every function that takes an export or import with a handle that is none. */
static void check_all_refuse(uint64_t handle, const wl_export_name* name, wl_status expected) {
  wl_export_piece piece;
  memset(&piece, POISON, sizeof piece);
  CHECK_STATUS(wl_export_get_piece(handle, 0, &piece, NULL), expected);
  CHECK_STATUS(wl_export_check(handle, name, NULL), expected);
  CHECK_STATUS(wl_export_close(handle, NULL), expected);
  CHECK_STATUS(wl_import_close(handle, NULL), expected);
  CHECK(is_poisoned(&piece, sizeof piece));
}

TEST(export, closedForgedAndOtherHandlesAndNullPointersAreRefused) {
  wl_export_name name;
  wl_export_piece piece;
  wl_export exported = 77;
  const wl_device device = open_shareable();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  CHECK_STATUS(wl_export_open(region, NULL, &exported, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_export_open(region, &name, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_export_open(device, &name, &exported, NULL), WL_STATUS_WRONG_KIND);
  CHECK_EQ(exported, 77);
  CHECK_EQ(live(WL_KIND_EXPORT), 0);
  exported = open_export(region, &name);
  CHECK_STATUS(wl_export_get_piece(exported, PIECES, &piece, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_export_get_piece(exported, UINT32_MAX, &piece, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_export_get_piece(exported, 0, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_export_check(exported, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_STATUS(wl_import_close(exported, NULL), WL_STATUS_WRONG_KIND);
  check_all_refuse(device, &name, WL_STATUS_WRONG_KIND);
  CHECK_OK(wl_export_close(exported, NULL));
  const uint64_t stale[] = {exported, 0, UINT64_MAX, forged_handle(WL_KIND_EXPORT), forged_handle(WL_KIND_IMPORT)};
  for (int i = 0; i < 5; ++i) check_all_refuse(stale[i], &name, WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_STATUS(wl_export_open(region, &name, &exported, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_OK(wl_device_close(device, NULL));
}

TEST(export, itOutlivesItsRegionAsAStaleOne) {
  wl_export_name name;
  wl_export_piece piece;
  const wl_device device = open_shareable();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  const wl_export exported = open_export(region, &name);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_EQ(live(WL_KIND_REGION), 0);
  CHECK_STATUS(wl_export_get_piece(exported, 0, &piece, NULL), WL_STATUS_STATE);
  CHECK_STATUS(wl_export_check(exported, &name, NULL), WL_STATUS_STATE);
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_OK(wl_export_close(exported, NULL));
}
