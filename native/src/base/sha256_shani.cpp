// SHA-256 with the processor's instructions for it, of x86-64. Only these functions are compiled for them.

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <utility>

#include "base/sha256.hpp"

#define WINDLASS_SHA __attribute__((target("sha,sse4.1,ssse3")))
#define WINDLASS_SHA_INLINE __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

namespace windlass {

namespace {

alignas(64) constexpr uint32_t kRoundWords[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The state as the instructions want it: words a, b, e, f in one register, and c, d, g, h in the other.
struct Halves {
  __m128i abef;
  __m128i cdgh;
};

WINDLASS_SHA_INLINE Halves halves_of(const Sha256State& state) noexcept {
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data())), 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data() + 4)), 0x1B);
  return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
}

WINDLASS_SHA_INLINE void store(Sha256State& state, Halves halves) noexcept {
  const __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data()), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data() + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Four rounds with these words of the message.
WINDLASS_SHA_INLINE Halves four_rounds(Halves halves, __m128i words, size_t group) noexcept {
  const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundWords + 4 * group));
  const __m128i keyed = _mm_add_epi32(words, constants);
  halves.cdgh = _mm_sha256rnds2_epu32(halves.cdgh, halves.abef, keyed);
  halves.abef = _mm_sha256rnds2_epu32(halves.abef, halves.cdgh, _mm_shuffle_epi32(keyed, 0x0E));
  return halves;
}

WINDLASS_SHA void take_fast_blocks(Sha256State& state, const std::byte* blocks, size_t count) noexcept {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  Halves halves = halves_of(state);
  for (size_t block = 0; block < count; ++block) {
    const Halves before = halves;
    __m128i words[4];
    for (size_t group = 0; group < 4; ++group) {
      const auto* const from = reinterpret_cast<const __m128i*>(blocks + 64 * block + 16 * group);
      words[group] = _mm_shuffle_epi8(_mm_loadu_si128(from), big_endian);
      halves = four_rounds(halves, words[group], group);
    }
    for (size_t group = 4; group < 16; ++group) {
      // The message's next four words, from the sixteen before.
      __m128i next = _mm_sha256msg1_epu32(words[0], words[1]);
      next = _mm_add_epi32(next, _mm_alignr_epi8(words[3], words[2], 4));
      next = _mm_sha256msg2_epu32(next, words[3]);
      words[0] = words[1];
      words[1] = words[2];
      words[2] = words[3];
      words[3] = next;
      halves = four_rounds(halves, next, group);
    }
    halves.abef = _mm_add_epi32(halves.abef, before.abef);
    halves.cdgh = _mm_add_epi32(halves.cdgh, before.cdgh);
  }
  store(state, halves);
}

}  // namespace

const Sha256Kernel kShaNiKernel{"sha-ni", take_fast_blocks};

bool has_sha_ni() noexcept {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_SSSE3) == 0 || (ecx & bit_SSE4_1) == 0) return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & bit_SHA) != 0;
}

}  // namespace windlass

#endif
