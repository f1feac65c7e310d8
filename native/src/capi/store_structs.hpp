// What the calls of volumes and stores take and tell, between the ABI and the core.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "store/store_types.hpp"
#include "volume/volume_info.hpp"
#include "windlass/lease.h"
#include "windlass/volume.h"

namespace windlass::capi {

wl_volume_info info_of(const VolumeInfo& now) noexcept;

// 0: nothing was said.
inline std::optional<std::chrono::nanoseconds> take_timeout(uint64_t timeout_ns) noexcept {
  if (timeout_ns == 0) return std::nullopt;
  constexpr auto kLongest = static_cast<uint64_t>(INT64_MAX);
  return std::chrono::nanoseconds(static_cast<int64_t>(timeout_ns < kLongest ? timeout_ns : kLongest));
}

// Parallel arrays, as views. They last as long as the caller's. Errors: kInvalidArgument (NULL, too many).
Result<std::vector<std::string_view>> take_keys(const char* what, const char* const* keys, const uint64_t* key_bytes,
                                                uint64_t count);
Result<std::vector<Condition>> take_conditions(const wl_condition* conditions, uint64_t count);

// Errors: kInvalidArgument (NULL, a rank beyond WL_MAX_RANK).
Result<Slice> take_slice(const wl_slice& slice);
Result<Shape> take_shape(const char* what, uint32_t rank, const uint64_t* sizes);

}  // namespace windlass::capi
