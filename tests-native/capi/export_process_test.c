#define _POSIX_C_SOURCE 200809L

#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "process.h"
#include "windlass/export.h"

#define SIZE (5 * MIB + 12345)
#define PIECES 3

static wl_device open_shareable(void) {
  wl_device_options options;
  wl_device device = 0;
  wl_device_options_init(&options, sizeof options);
  options.memory_bytes = DEVICE_BYTES;
  options.worker_threads = 1;
  options.shareable = 1;
  CHECK_OK(wl_device_open(&options, &device, NULL));
  return device;
}

static void send_export(int socket, wl_export exported, const wl_export_name* name) {
  send_all(socket, name, sizeof *name);
  for (uint32_t i = 0; i < name->pieces; ++i) {
    wl_export_piece piece;
    if (!CHECK_OK(wl_export_get_piece(exported, i, &piece, NULL))) return;
    send_all(socket, &piece, sizeof piece);
    send_descriptor(socket, piece.descriptor);
    CHECK(close(piece.descriptor) == 0);
  }
}

/* Maps what was sent; the descriptors are closed then. */
static wl_import receive_import(int socket, wl_device device, wl_export_name* name, uint8_t** memory) {
  wl_export_piece pieces[PIECES];
  uint64_t address = 0;
  uint64_t size_bytes = 0;
  wl_import imported = 0;
  if (!receive_all(socket, name, sizeof *name) || !CHECK_EQ(name->pieces, PIECES)) return 0;
  CHECK_EQ(name->owner_pid, getppid());
  for (int i = 0; i < PIECES; ++i) {
    if (!receive_all(socket, &pieces[i], sizeof pieces[i])) return 0;
    pieces[i].descriptor = receive_descriptor(socket);
  }
  CHECK_OK(wl_import_open(device, pieces, PIECES, &address, &size_bytes, &imported, NULL));
  CHECK_EQ(size_bytes, name->size_bytes);
  for (int i = 0; i < PIECES; ++i) CHECK(close(pieces[i].descriptor) == 0);
  *memory = (uint8_t*)(uintptr_t)address;
  return imported;
}

static void work_in_the_pages(int socket, const void* argument) {
  wl_export_name name;
  uint8_t* memory = NULL;
  (void)argument;
  const wl_device device = open_shareable();
  const wl_import imported = receive_import(socket, device, &name, &memory);
  if (!CHECK(memory != NULL)) return;
  CHECK_EQ(first_difference(memory, SIZE, 1), SIZE);
  fill_pattern(memory, SIZE, 2);
  send_all(socket, &name, sizeof name);
  /* Meanwhile the owner pauses, and what is here are the old pages. */
  wait_for_turn(socket);
  CHECK_EQ(first_difference(memory, SIZE, 2), SIZE);
  memset(memory, 0, SIZE);
  send_all(socket, &name, sizeof name);
  wait_for_turn(socket);
  CHECK_OK(wl_import_close(imported, NULL));
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_EQ(live(WL_KIND_IMPORT), 0);
  CHECK_EQ(live(WL_KIND_DEVICE), 0);
}

TEST(export, anotherProcessWorksInThePagesUntilTheyAreStale) {
  wl_export_name name;
  wl_export_name returned;
  const child_process child = start_child(work_in_the_pages, NULL);
  const wl_device device = open_shareable();
  const wl_region region = open_region(device, SIZE, WL_BACKUP_PAGEABLE, 0);
  uint8_t* const memory = (uint8_t*)(uintptr_t)region_info(region).address;
  wl_export exported = 0;
  fill_pattern(memory, SIZE, 1);
  CHECK_OK(wl_export_open(region, &name, &exported, NULL));
  send_export(child.socket, exported, &name);
  receive_all(child.socket, &returned, sizeof returned);
  CHECK_OK(wl_export_check(exported, &returned, NULL));
  CHECK_EQ(first_difference(memory, SIZE, 2), SIZE);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  send_turn(child.socket);
  receive_all(child.socket, &returned, sizeof returned);
  CHECK_STATUS(wl_export_check(exported, &returned, NULL), WL_STATUS_STATE);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_EQ(first_difference(memory, SIZE, 2), SIZE);
  send_turn(child.socket);
  check_child(&child);
  CHECK_OK(wl_export_close(exported, NULL));
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}
