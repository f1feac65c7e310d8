// What this machine has of the things that Windlass can use but does not need.
//
// Threads: any. Each query looks afresh, so that what was installed or allowed meanwhile is seen.
#pragma once

#include <cstdint>
#include <string>

namespace windlass {

enum class Feature : int32_t {
  kAvx2 = 0,
  kAvx512 = 1,
  kTransparentHugepages = 2,
  kPopulate = 3,
  kMemoryLock = 4,
  kIoUring = 5,
  kCuda = 6,
  kRdma = 7,
  kMooncake = 8,
};
inline constexpr int32_t kFeatureCount = 9;

struct FeatureInfo {
  const char* name = "";
  bool present = false;
  std::string detail;  // what was found, or why it is off
  std::string remedy;  // what to do to have it; empty when it is there
};

FeatureInfo query_feature(Feature feature);

}  // namespace windlass
