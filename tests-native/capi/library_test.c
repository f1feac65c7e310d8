#include "windlass/library.h"

#include <string.h>

#include "check.h"
#include "fixture.h"

TEST(library, theLibraryIsOfTheVersionThatTheHeadersDescribe) {
  CHECK_EQ(wl_abi_version(), WL_ABI_MAJOR * 65536 + WL_ABI_MINOR);
  CHECK_OK(wl_abi_check(WL_ABI_MAJOR, WL_ABI_MINOR, NULL));
  CHECK(strchr(wl_version(), '.') != NULL);
}

TEST(library, anAbiOfAnotherVersionIsRefusedWithBothNumbers) {
  const int32_t others[][2] = {{WL_ABI_MAJOR, WL_ABI_MINOR + 1},
                               {WL_ABI_MAJOR, WL_ABI_MINOR - 1},
                               {WL_ABI_MAJOR + 1, WL_ABI_MINOR},
                               {WL_ABI_MAJOR + 1, 0},
                               {-1, -1},
                               {INT32_MAX, INT32_MAX},
                               {INT32_MIN, INT32_MIN}};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; ++i) {
    wl_error error;
    CHECK_STATUS(wl_abi_check(others[i][0], others[i][1], &error), WL_STATUS_VERSION);
    CHECK_EQ(error.status, WL_STATUS_VERSION);
    CHECK_CONTAINS(error.message, "0.1");
  }
  wl_error error;
  CHECK_STATUS(wl_abi_check(7, 9, &error), WL_STATUS_VERSION);
  CHECK_CONTAINS(error.message, "7.9");
}

TEST(library, everyKindHasAName) {
  for (wl_kind kind = 1; kind <= WL_KIND_LAST; ++kind) CHECK(strcmp(wl_kind_name(kind), "unknown") != 0);
  CHECK(strcmp(wl_kind_name(WL_KIND_REGION), "region") == 0);
  CHECK(strcmp(wl_kind_name(0), "unknown") == 0);
  CHECK(strcmp(wl_kind_name(WL_KIND_LAST + 1), "unknown") == 0);
  CHECK(strcmp(wl_kind_name(INT32_MIN), "unknown") == 0);
}

TEST(library, liveObjectsAreCountedByKind) {
  const wl_device device = open_device();
  CHECK_EQ(live(WL_KIND_DEVICE), 1);
  CHECK_EQ(live(WL_KIND_REGION), 0);
  const wl_region region = open_region(device, GRANULE, WL_BACKUP_NONE, 0);
  CHECK_EQ(live(WL_KIND_REGION), 1);
  CHECK_OK(wl_device_close(device, NULL));
  CHECK_EQ(live(WL_KIND_DEVICE), 1); /* the region keeps it */
  CHECK_OK(wl_region_close(region, NULL));
  CHECK_EQ(live(WL_KIND_DEVICE), 0);
  CHECK_EQ(live(WL_KIND_REGION), 0);
}

TEST(library, aKindThatIsNoneCannotBeCounted) {
  const wl_kind kinds[] = {0, -1, WL_KIND_LAST + 1, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 5; ++i) {
    uint64_t count = 77;
    wl_error error;
    CHECK_STATUS(wl_live_count(kinds[i], &count, &error), WL_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(count, 77);
  }
  wl_error error;
  CHECK_STATUS(wl_live_count(WL_KIND_LOG, NULL, &error), WL_STATUS_INVALID_ARGUMENT);
  CHECK_CONTAINS(error.message, "live is NULL");
}

TEST(library, everyFeatureSaysWhatWasFoundOrWhatToDo) {
  for (wl_feature feature = 0; feature < WL_FEATURE_COUNT; ++feature) {
    wl_feature_info info;
    wl_feature_info_init(&info, sizeof info);
    CHECK_EQ(info.struct_size, sizeof info);
    CHECK_OK(wl_feature_query(feature, &info, NULL));
    CHECK_EQ(info.struct_size, sizeof info);
    CHECK(info.present == 0 || info.present == 1);
    CHECK(strlen(info.name) > 0 && memchr(info.name, '\0', sizeof info.name) != NULL);
    CHECK(strlen(info.detail) > 0 && memchr(info.detail, '\0', sizeof info.detail) != NULL);
    CHECK(memchr(info.remedy, '\0', sizeof info.remedy) != NULL);
    CHECK((strlen(info.remedy) == 0) == (info.present == 1));
  }
}

TEST(library, aFeatureThatIsNoneIsRefused) {
  const wl_feature features[] = {-1, WL_FEATURE_COUNT, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 4; ++i) {
    wl_feature_info info;
    wl_error error;
    wl_feature_info_init(&info, sizeof info);
    CHECK_STATUS(wl_feature_query(features[i], &info, &error), WL_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(error.message, "feature");
    CHECK_EQ(info.name[0], 0);
  }
  CHECK_STATUS(wl_feature_query(WL_FEATURE_CUDA, NULL, NULL), WL_STATUS_INVALID_ARGUMENT);
}

TEST(library, aFeatureInfoOfAWrongSizeIsRefusedAndLeftAlone) {
  wl_feature_info info;
  wl_feature_info_init(&info, sizeof info);
  info.struct_size = sizeof info - 1;
  CHECK_STATUS(wl_feature_query(WL_FEATURE_CUDA, &info, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(info.name[0], 0);
  info.struct_size = 0;
  CHECK_STATUS(wl_feature_query(WL_FEATURE_CUDA, &info, NULL), WL_STATUS_INVALID_ARGUMENT);
  CHECK_EQ(info.name[0], 0);
}
