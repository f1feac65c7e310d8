/* Fills a region, pauses and resumes it, and verifies its bytes, through the C ABI. */
#include <stdio.h>
#include <windlass/windlass.h>

#define SIZE ((uint64_t)8 << 20)

static int failed(const char* what, const wl_error* error) {
  fprintf(stderr, "%s: %s: %s\n", what, wl_status_name(error->status), error->message);
  return 1;
}

static int use(wl_device device) {
  wl_error error;
  wl_region region = 0;
  if (wl_region_open(device, SIZE, NULL, &region, &error) != WL_STATUS_OK) return failed("open", &error);
  wl_region_info info;
  wl_region_info_init(&info, sizeof info);
  if (wl_region_get_info(region, &info, &error) != WL_STATUS_OK) return failed("info", &error);
  unsigned char* const bytes = (unsigned char*)(uintptr_t)info.address;
  for (uint64_t i = 0; i < SIZE; ++i) bytes[i] = (unsigned char)(i * 31 >> 3);

  wl_pause_report report;
  wl_pause_report_init(&report, sizeof report);
  if (wl_region_pause(region, &report, &error) != WL_STATUS_OK) return failed("pause", &error);
  if (wl_region_resume(region, NULL, &error) != WL_STATUS_OK) return failed("resume", &error);
  for (uint64_t i = 0; i < SIZE; ++i) {
    if (bytes[i] != (unsigned char)(i * 31 >> 3)) {
      fprintf(stderr, "byte %llu differs\n", (unsigned long long)i);
      return 1;
    }
  }
  if (wl_region_close(region, &error) != WL_STATUS_OK) return failed("close", &error);
  printf("C: windlass %s, %llu bytes given back and restored\n", wl_version(), (unsigned long long)report.freed_bytes);
  return report.freed_bytes == SIZE ? 0 : 1;
}

int main(void) {
  wl_error error;
  wl_device device = 0;
  if (wl_abi_check(WL_ABI_MAJOR, WL_ABI_MINOR, &error) != WL_STATUS_OK) return failed("version", &error);
  if (wl_device_open(NULL, &device, &error) != WL_STATUS_OK) return failed("device", &error);
  const int result = use(device);
  wl_device_close(device, NULL);
  return result;
}
