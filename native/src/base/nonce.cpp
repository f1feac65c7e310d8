#include "base/nonce.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <ctime>

namespace windlass {

uint64_t fresh_nonce() noexcept {
  uint64_t nonce = 0;
  if (getrandom(&nonce, sizeof nonce, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof nonce) && nonce != 0) return nonce;
  // Early in a machine's life, or where a sandbox forbids it: two processes still differ, and so do two calls.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto time_ns = static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
  constexpr uint64_t kSpread = 0x9E3779B97F4A7C15;
  return ((static_cast<uint64_t>(getpid()) << 40U) ^ time_ns) * kSpread | 1U;
}

}  // namespace windlass
