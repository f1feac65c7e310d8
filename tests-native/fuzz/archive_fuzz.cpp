// libFuzzer's entry: configure with clang and -DWINDLASS_FUZZ=ON, then run windlass_archive_fuzz [-max_total_time=60].
#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/archive_targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (!windlass::fuzz::feed_archive(std::as_bytes(std::span(data, size)))) __builtin_trap();
  return 0;
}
