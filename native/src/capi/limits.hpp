// Limits that several options share.
#pragma once

#include <cstdint>

#include "base/status.hpp"
#include "base/text.hpp"

namespace windlass::capi {

inline constexpr uint32_t kMostThreads = 64;

inline Status check_thread_count(const char* name, uint32_t threads) {
  if (threads <= kMostThreads) return Status();
  return Status::error(Code::kInvalidArgument,
                       text(name, ": ", threads, " worker threads; it takes 1 to ", kMostThreads, ", or 0 to choose"));
}

}  // namespace windlass::capi
