#include "memory/copy.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "memory/xxh3_core.hpp"

namespace windlass {
namespace {

const CopyKernel& widest_kernel() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return kAvx512CopyKernel;
  if (__builtin_cpu_supports("avx2")) return kAvx2CopyKernel;
#endif
  return kPortableCopyKernel;
}

const CopyKernel& kernel_in_use() noexcept {
  static const CopyKernel& kernel = widest_kernel();
  return kernel;
}

std::vector<CopyKernel> kernels_of_this_cpu() {
  std::vector<CopyKernel> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) kernels.push_back(kAvx512CopyKernel);
  if (__builtin_cpu_supports("avx2")) kernels.push_back(kAvx2CopyKernel);
#endif
  kernels.push_back(kPortableCopyKernel);
  return kernels;
}

}  // namespace

void copy(void* target, const void* source, size_t bytes) noexcept { kernel_in_use().copy(target, source, bytes); }

Hash128 copy_hashed(void* target, const void* source, size_t bytes) noexcept {
  return kernel_in_use().copy_hashed(target, source, bytes);
}

Hash128 hash(const void* source, size_t bytes) noexcept { return kernel_in_use().hash(source, bytes); }

const std::vector<CopyKernel>& copy_kernels() {
  static const std::vector<CopyKernel> kernels = kernels_of_this_cpu();
  return kernels;
}

Hash128 xxh3::hash_short(const void* source, size_t bytes) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(source, bytes);
  return {.low = hash.low64, .high = hash.high64};
}

}  // namespace windlass
