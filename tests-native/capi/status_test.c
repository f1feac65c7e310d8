#include "windlass/status.h"

#include <string.h>

#include "check.h"
#include "fixture.h"

TEST(status, everyStatusHasANameAndAMeaningOfItsOwn) {
  for (wl_status status = 0; status <= WL_STATUS_INCOMPLETE; ++status) {
    CHECK(strlen(wl_status_name(status)) > 1);
    CHECK(strlen(wl_status_meaning(status)) > 10);
    CHECK(strcmp(wl_status_name(status), "UNKNOWN") != 0);
    for (wl_status other = 0; other < status; ++other) {
      CHECK(strcmp(wl_status_name(status), wl_status_name(other)) != 0);
      CHECK(strcmp(wl_status_meaning(status), wl_status_meaning(other)) != 0);
    }
  }
  CHECK(strcmp(wl_status_name(WL_STATUS_NO_MEMORY), "NO_MEMORY") == 0);
}

TEST(status, aNumberThatIsNoStatusIsUnknown) {
  const wl_status numbers[] = {-1, WL_STATUS_INCOMPLETE + 1, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 4; ++i) {
    CHECK(strcmp(wl_status_name(numbers[i]), "UNKNOWN") == 0);
    CHECK(strlen(wl_status_meaning(numbers[i])) > 0);
  }
}

TEST(status, anErrorIsFilledOnFailureWithATextThatEnds) {
  wl_error error;
  memset(&error, POISON, sizeof error);
  CHECK_STATUS(wl_device_close(forged_handle(WL_KIND_DEVICE), &error), WL_STATUS_STALE_HANDLE);
  CHECK_EQ(error.status, WL_STATUS_STALE_HANDLE);
  CHECK_EQ(error.system_code, 0);
  CHECK(memchr(error.message, '\0', sizeof error.message) != NULL);
  CHECK_CONTAINS(error.message, "device 0x1123456fffffff0");
}

TEST(status, anErrorIsLeftAloneOnSuccess) {
  wl_error error;
  memset(&error, POISON, sizeof error);
  CHECK_OK(wl_abi_check(WL_ABI_MAJOR, WL_ABI_MINOR, &error));
  CHECK(is_poisoned(&error, sizeof error));
}

TEST(status, whoDoesNotWantTheDetailPassesNoError) {
  CHECK_STATUS(wl_device_close(0, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_region_close(0, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_log_close(0, NULL), WL_STATUS_STALE_HANDLE);
  CHECK_STATUS(wl_page_pool_close(0, NULL), WL_STATUS_STALE_HANDLE);
}
