#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "places.h"
#include "process.h"
#include "windlass/backup_directory.h"

#define SIZE (5 * MIB + 12345)

/* Opens a device, the directory, and a region in it, and pauses that. */
static wl_region pause_in(const char* path, wl_device* device, wl_backup_directory* directory) {
  wl_region_options options;
  *device = open_device();
  *directory = open_directory(path);
  wl_region_options_init(&options, sizeof options);
  options.backup = WL_BACKUP_FILE;
  options.directory = *directory;
  const wl_region region = open_region_with(*device, SIZE, &options);
  fill_pattern((void*)(uintptr_t)region_info(region).address, SIZE, 9);
  CHECK_OK(wl_region_pause(region, NULL, NULL));
  CHECK(region_info(region).stored_bytes >= SIZE);
  return region;
}

static void pause_and_be_killed(int socket, const void* path) {
  wl_device device = 0;
  wl_backup_directory directory = 0;
  (void)socket;
  pause_in(path, &device, &directory);
  kill(getpid(), SIGKILL);
}

static void pause_and_live_on(int socket, const void* path) {
  wl_device device = 0;
  wl_backup_directory directory = 0;
  const wl_region region = pause_in(path, &device, &directory);
  send_turn(socket);
  wait_for_turn(socket);
  CHECK_OK(wl_region_resume(region, NULL, NULL));
  CHECK_EQ(first_difference((const void*)(uintptr_t)region_info(region).address, SIZE, 9), SIZE);
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  CHECK_OK(wl_device_close(device, NULL));
}

/*
 * Goal: what a killed process left goes, and what a living one has stays.
 * Method: two children pause into one directory; one kills itself, the other waits until the directory was opened here.
 */
TEST(backup_directory, whatAKilledProcessLeftIsSweptAndWhatALivingOneHasStays) {
  char path[PATH_BYTES];
  make_directory(path);
  const child_process living = start_child(pause_and_live_on, path);
  /* Only now, or the living one's own opening could sweep what the killed one left. */
  wait_for_turn(living.socket);
  const child_process killed = start_child(pause_and_be_killed, path);
  const int ended = wait_for_child(&killed);
  CHECK(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
  CHECK_EQ(count_names(path, ".backup"), 2);
  const wl_backup_directory directory = open_directory(path);
  CHECK_EQ(directory_info(directory).swept_files, 1);
  CHECK(directory_info(directory).swept_bytes >= SIZE);
  CHECK_EQ(count_names(path, ".backup"), 1);
  CHECK_EQ(count_names(path, ".owner"), 2);
  const wl_backup_directory again = open_directory(path);
  CHECK_EQ(directory_info(again).swept_files, 0);
  CHECK_OK(wl_backup_directory_close(again, NULL));
  send_turn(living.socket);
  check_child(&living);
  CHECK_EQ(count_names(path, ".backup"), 0);
  CHECK_OK(wl_backup_directory_close(directory, NULL));
  remove_directory(path);
}
