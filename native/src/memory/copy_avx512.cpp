// The AVX-512 copy kernel. Each function that uses AVX-512 says so itself, so that nothing else in the program is
// compiled for it.

#if defined(__x86_64__)

#include <immintrin.h>

#include "memory/xxh3_core.hpp"

#define WINDLASS_AVX512 __attribute__((target("avx512f")))
#define WINDLASS_AVX512_INLINE __attribute__((target("avx512f"), always_inline)) inline

namespace windlass {
namespace {

using xxh3::Lanes;
using xxh3::Store;

// The forms with a mask of ones are the plain instructions; GCC 12 warns that its own plain forms read uninitialized
// registers.
constexpr __mmask8 kAllLanes = 0xFF;
constexpr __mmask16 kAllWords = 0xFFFF;

WINDLASS_AVX512_INLINE __m512i high_halves(__m512i words) noexcept {
  return _mm512_maskz_srli_epi64(kAllLanes, words, 32);
}

WINDLASS_AVX512_INLINE __m512i product_of_low_halves(__m512i a, __m512i b) noexcept {
  return _mm512_maskz_mul_epu32(kAllLanes, a, b);
}

WINDLASS_AVX512_INLINE __m512i take_in(__m512i lanes, __m512i words, const uint8_t* secret) noexcept {
  const __m512i key = _mm512_xor_si512(words, _mm512_loadu_si512(secret));
  const __m512i product = product_of_low_halves(key, high_halves(key));
  const __m512i neighbours = _mm512_maskz_shuffle_epi32(kAllWords, words, _MM_PERM_BADC);
  return _mm512_add_epi64(lanes, _mm512_add_epi64(product, neighbours));
}

WINDLASS_AVX512_INLINE __m512i scrambled(__m512i lanes) noexcept {
  const __m512i prime = _mm512_set1_epi64(static_cast<int64_t>(xxh3::kPrime32First));
  const __m512i secret = _mm512_loadu_si512(xxh3::kSecret + xxh3::kScrambleSecret);
  const __m512i shifted = _mm512_maskz_srli_epi64(kAllLanes, lanes, 47);
  const __m512i mixed = _mm512_xor_si512(_mm512_xor_si512(lanes, shifted), secret);
  const __m512i high = product_of_low_halves(high_halves(mixed), prime);
  return _mm512_add_epi64(product_of_low_halves(mixed, prime), _mm512_maskz_slli_epi64(kAllLanes, high, 32));
}

WINDLASS_AVX512_INLINE void stream(std::byte* target, __m512i words) noexcept {
  _mm512_stream_si512(reinterpret_cast<__m512i*>(target), words);
}

template <Store kStore>
WINDLASS_AVX512_INLINE __m512i move_stripe(__m512i lanes, std::byte* target, const std::byte* source,
                                           const uint8_t* secret, size_t shift) noexcept {
  _mm_prefetch(xxh3::ahead(source), _MM_HINT_NTA);
  const __m512i words = _mm512_loadu_si512(source);
  if constexpr (kStore == Store::kPlain) _mm512_storeu_si512(target, words);
  if constexpr (kStore == Store::kStream) stream(target, words);
  if constexpr (kStore == Store::kShifted) stream(target + shift, _mm512_loadu_si512(source + shift));
  return take_in(lanes, words, secret);
}

struct Avx512Engine {
  static constexpr bool kStreams = true;

  template <Store kStore>
  WINDLASS_AVX512 static void stripes(Lanes& lanes, std::byte* target, const std::byte* source, size_t count) noexcept {
    __m512i local = _mm512_load_si512(lanes.lane);
    for (size_t i = 0; i < count; ++i) {
      const size_t offset = i * xxh3::kStripeBytes;
      local = move_stripe<kStore>(local, xxh3::target_at<kStore>(target, offset), source + offset,
                                  xxh3::kSecret + i * xxh3::kSecretStepBytes, 0);
    }
    _mm512_store_si512(lanes.lane, local);
  }

  template <Store kStore>
  WINDLASS_AVX512 static void blocks(Lanes& lanes, std::byte* target, const std::byte* source, size_t count,
                                     size_t shift) noexcept {
    __m512i local = _mm512_load_si512(lanes.lane);
    for (size_t block = 0; block < count; ++block) {
      for (size_t i = 0; i < xxh3::kStripesPerBlock; ++i) {
        const size_t offset = block * xxh3::kBlockBytes + i * xxh3::kStripeBytes;
        local = move_stripe<kStore>(local, xxh3::target_at<kStore>(target, offset), source + offset,
                                    xxh3::kSecret + i * xxh3::kSecretStepBytes, shift);
      }
      local = scrambled(local);
    }
    _mm512_store_si512(lanes.lane, local);
  }

  WINDLASS_AVX512 static void last_stripe(Lanes& lanes, const std::byte* source) noexcept {
    const __m512i local = _mm512_load_si512(lanes.lane);
    const uint8_t* secret = xxh3::kSecret + xxh3::kLastStripeSecret;
    _mm512_store_si512(lanes.lane, take_in(local, _mm512_loadu_si512(source), secret));
  }

  static void fence() noexcept { _mm_sfence(); }
};

}  // namespace

constinit const CopyKernel kAvx512CopyKernel = {.name = "avx512",
                                                .copy = copy_streamed,  // 256-bit stores are as fast
                                                .copy_hashed = xxh3::copy_hashed_with<Avx512Engine>,
                                                .hash = xxh3::hash_with<Avx512Engine>};

}  // namespace windlass

#endif
