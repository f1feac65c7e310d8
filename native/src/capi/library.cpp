#include "windlass/library.h"

#include "base/features.hpp"
#include "base/live_count.hpp"
#include "base/text.hpp"
#include "capi/guard.hpp"

namespace {

using windlass::Code;
using windlass::Feature;
using windlass::FeatureInfo;
using windlass::Kind;
using windlass::LiveCount;
using windlass::Status;
using windlass::text;

static_assert(WL_KIND_DEVICE == static_cast<int32_t>(Kind::kDevice));
static_assert(WL_KIND_REGION == static_cast<int32_t>(Kind::kRegion));
static_assert(WL_KIND_PAGE_POOL == static_cast<int32_t>(Kind::kPagePool));
static_assert(WL_KIND_LOG == static_cast<int32_t>(Kind::kLog));
static_assert(WL_KIND_REGION_SET == static_cast<int32_t>(Kind::kRegionSet));
static_assert(WL_KIND_BACKUP_DIRECTORY == static_cast<int32_t>(Kind::kBackupDirectory));
static_assert(WL_KIND_EXPORT == static_cast<int32_t>(Kind::kExport));
static_assert(WL_KIND_IMPORT == static_cast<int32_t>(Kind::kImport));
static_assert(WL_KIND_LAST == windlass::kLastKind);
static_assert(WL_FEATURE_AVX2 == static_cast<int32_t>(Feature::kAvx2));
static_assert(WL_FEATURE_AVX512 == static_cast<int32_t>(Feature::kAvx512));
static_assert(WL_FEATURE_TRANSPARENT_HUGEPAGES == static_cast<int32_t>(Feature::kTransparentHugepages));
static_assert(WL_FEATURE_POPULATE == static_cast<int32_t>(Feature::kPopulate));
static_assert(WL_FEATURE_MEMORY_LOCK == static_cast<int32_t>(Feature::kMemoryLock));
static_assert(WL_FEATURE_IO_URING == static_cast<int32_t>(Feature::kIoUring));
static_assert(WL_FEATURE_CUDA == static_cast<int32_t>(Feature::kCuda));
static_assert(WL_FEATURE_RDMA == static_cast<int32_t>(Feature::kRdma));
static_assert(WL_FEATURE_MOONCAKE == static_cast<int32_t>(Feature::kMooncake));
static_assert(WL_FEATURE_COUNT == windlass::kFeatureCount);

}  // namespace

uint32_t wl_abi_version(void) {
  return static_cast<uint32_t>(WL_ABI_MAJOR) << 16U | static_cast<uint32_t>(WL_ABI_MINOR);
}

wl_status wl_abi_check(int32_t major, int32_t minor, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    const bool fits = major == WL_ABI_MAJOR && (WL_ABI_MAJOR == 0 ? minor == WL_ABI_MINOR : minor <= WL_ABI_MINOR);
    if (fits) return Status();
    return Status::error(Code::kVersion,
                         text("the caller was built for ABI ", major, '.', minor, ", but this is Windlass ",
                              WINDLASS_VERSION, " with ABI ", int32_t{WL_ABI_MAJOR}, '.', int32_t{WL_ABI_MINOR},
                              "; install a library and bindings that match"));
  });
}

const char* wl_version(void) { return WINDLASS_VERSION; }

const char* wl_kind_name(wl_kind kind) { return windlass::kind_name(static_cast<Kind>(kind)); }

wl_status wl_live_count(wl_kind kind, uint64_t* live, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("live", live); !given.ok()) return given;
    if (kind < 1 || kind > WL_KIND_LAST) {
      return Status::error(Code::kInvalidArgument,
                           text("no kind of object has number ", kind, "; they go from 1 to ", windlass::kLastKind));
    }
    *live = LiveCount::of(static_cast<Kind>(kind));
    return Status();
  });
}

void wl_feature_info_init(wl_feature_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_feature_info{});
}

wl_status wl_feature_query(wl_feature feature, wl_feature_info* info, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("feature info", info); !given.ok()) return given;
    if (feature < 0 || feature >= WL_FEATURE_COUNT) {
      return Status::error(Code::kInvalidArgument, text("no feature has number ", feature, "; they go from 0 to ",
                                                        windlass::kFeatureCount - 1));
    }
    const FeatureInfo found = windlass::query_feature(static_cast<Feature>(feature));
    wl_feature_info values{};
    values.present = found.present ? 1 : 0;
    windlass::copy_text(values.name, found.name);
    windlass::copy_text(values.detail, found.detail);
    windlass::copy_text(values.remedy, found.remedy);
    windlass::capi::put_output(info, values);
    return Status();
  });
}
