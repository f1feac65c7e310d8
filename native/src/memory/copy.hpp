// The copy primitive: moves bytes past the caches, and hashes them on the way if asked.
//
// Large copies use non-temporal stores, so that they neither read the target's lines first nor push out what others
// need. The hash is XXH3-128 (seed 0) of the bytes, computed from the registers they pass through. The widest kernel
// that the CPU has is chosen once; all kernels give the same bytes and the same hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace windlass {

// XXH3-128 of some bytes.
struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

// Source and target must not overlap. Any alignment; fastest where both are aligned to 64 bytes.
void copy(void* target, const void* source, size_t bytes) noexcept;
Hash128 copy_hashed(void* target, const void* source, size_t bytes) noexcept;
Hash128 hash(const void* source, size_t bytes) noexcept;

// One implementation of the three, for tests and benchmarks that want a certain one.
struct CopyKernel {
  std::string_view name;  // "avx512", "avx2", "portable"
  void (*copy)(void* target, const void* source, size_t bytes) noexcept;
  Hash128 (*copy_hashed)(void* target, const void* source, size_t bytes) noexcept;
  Hash128 (*hash)(const void* source, size_t bytes) noexcept;
};

// The kernels that this CPU can run, the one in use first, the portable one last.
const std::vector<CopyKernel>& copy_kernels();

}  // namespace windlass
