// The AVX2 copy kernel. Each function that uses AVX2 says so itself, so that nothing else in the program is compiled
// for it.

#if defined(__x86_64__)

#include <immintrin.h>

#include "memory/xxh3_core.hpp"

#define WINDLASS_AVX2 __attribute__((target("avx2")))
#define WINDLASS_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

namespace windlass {
namespace {

using xxh3::Lanes;
using xxh3::Store;

// The lanes, or a stripe, in registers.
struct Pair {
  __m256i low;
  __m256i high;
};

WINDLASS_AVX2_INLINE __m256i load(const void* address) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(address));
}

WINDLASS_AVX2_INLINE Pair load_pair(const void* address) noexcept {
  const auto* parts = static_cast<const __m256i*>(address);
  return {_mm256_loadu_si256(parts), _mm256_loadu_si256(parts + 1)};
}

WINDLASS_AVX2_INLINE void stream_pair(std::byte* target, Pair pair) noexcept {
  auto* parts = reinterpret_cast<__m256i*>(target);
  _mm256_stream_si256(parts, pair.low);
  _mm256_stream_si256(parts + 1, pair.high);
}

WINDLASS_AVX2_INLINE void store_pair(void* target, Pair pair) noexcept {
  auto* parts = static_cast<__m256i*>(target);
  _mm256_storeu_si256(parts, pair.low);
  _mm256_storeu_si256(parts + 1, pair.high);
}

WINDLASS_AVX2_INLINE __m256i take_in_half(__m256i lanes, __m256i words, __m256i secret) noexcept {
  const __m256i key = _mm256_xor_si256(words, secret);
  const __m256i product = _mm256_mul_epu32(key, _mm256_srli_epi64(key, 32));
  const __m256i neighbours = _mm256_shuffle_epi32(words, _MM_SHUFFLE(1, 0, 3, 2));
  return _mm256_add_epi64(lanes, _mm256_add_epi64(product, neighbours));
}

WINDLASS_AVX2_INLINE Pair take_in(Pair lanes, Pair words, const uint8_t* secret) noexcept {
  return {take_in_half(lanes.low, words.low, load(secret)), take_in_half(lanes.high, words.high, load(secret + 32))};
}

WINDLASS_AVX2_INLINE __m256i scrambled_half(__m256i lanes, __m256i secret) noexcept {
  const __m256i prime = _mm256_set1_epi64x(static_cast<int64_t>(xxh3::kPrime32First));
  const __m256i mixed = _mm256_xor_si256(_mm256_xor_si256(lanes, _mm256_srli_epi64(lanes, 47)), secret);
  const __m256i high = _mm256_mul_epu32(_mm256_srli_epi64(mixed, 32), prime);
  return _mm256_add_epi64(_mm256_mul_epu32(mixed, prime), _mm256_slli_epi64(high, 32));
}

WINDLASS_AVX2_INLINE Pair scrambled(Pair lanes) noexcept {
  const uint8_t* secret = xxh3::kSecret + xxh3::kScrambleSecret;
  return {scrambled_half(lanes.low, load(secret)), scrambled_half(lanes.high, load(secret + 32))};
}

template <Store kStore>
WINDLASS_AVX2_INLINE Pair move_stripe(Pair lanes, std::byte* target, const std::byte* source, const uint8_t* secret,
                                      size_t shift) noexcept {
  _mm_prefetch(xxh3::ahead(source), _MM_HINT_NTA);
  const Pair words = load_pair(source);
  if constexpr (kStore == Store::kPlain) store_pair(target, words);
  if constexpr (kStore == Store::kStream) stream_pair(target, words);
  if constexpr (kStore == Store::kShifted) stream_pair(target + shift, load_pair(source + shift));
  return take_in(lanes, words, secret);
}

struct Avx2Engine {
  static constexpr bool kStreams = true;

  template <Store kStore>
  WINDLASS_AVX2 static void stripes(Lanes& lanes, std::byte* target, const std::byte* source, size_t count) noexcept {
    Pair local = load_pair(lanes.lane);
    for (size_t i = 0; i < count; ++i) {
      const size_t offset = i * xxh3::kStripeBytes;
      local = move_stripe<kStore>(local, xxh3::target_at<kStore>(target, offset), source + offset,
                                  xxh3::kSecret + i * xxh3::kSecretStepBytes, 0);
    }
    store_pair(lanes.lane, local);
  }

  template <Store kStore>
  WINDLASS_AVX2 static void blocks(Lanes& lanes, std::byte* target, const std::byte* source, size_t count,
                                   size_t shift) noexcept {
    Pair local = load_pair(lanes.lane);
    for (size_t block = 0; block < count; ++block) {
      for (size_t i = 0; i < xxh3::kStripesPerBlock; ++i) {
        const size_t offset = block * xxh3::kBlockBytes + i * xxh3::kStripeBytes;
        local = move_stripe<kStore>(local, xxh3::target_at<kStore>(target, offset), source + offset,
                                    xxh3::kSecret + i * xxh3::kSecretStepBytes, shift);
      }
      local = scrambled(local);
    }
    store_pair(lanes.lane, local);
  }

  WINDLASS_AVX2 static void last_stripe(Lanes& lanes, const std::byte* source) noexcept {
    const uint8_t* secret = xxh3::kSecret + xxh3::kLastStripeSecret;
    store_pair(lanes.lane, take_in(load_pair(lanes.lane), load_pair(source), secret));
  }

  static void fence() noexcept { _mm_sfence(); }
};

constexpr size_t kStepBytes = 256;
constexpr uintptr_t kPageBytes = 4096;

// Fetches a line of a page that comes soon, once for each page of 4 KiB, so that the page's address is translated by
// the time it is needed: in small pages that costs more than a fifth of the time, in huge ones nothing. Of the source
// it is the page's last line, as another one would mislead the processor's own fetching ahead.
WINDLASS_AVX2_INLINE void meet_pages(const std::byte* target, const std::byte* source) noexcept {
  const auto to = reinterpret_cast<uintptr_t>(target);
  const auto from = reinterpret_cast<uintptr_t>(source);
  if (from % kPageBytes < kStepBytes) {
    _mm_prefetch(reinterpret_cast<const char*>((from | (kPageBytes - 1)) + 4 * kPageBytes), _MM_HINT_NTA);  // NOLINT
  }
  if (to % kPageBytes - kPageBytes / 2 < kStepBytes) {
    _mm_prefetch(reinterpret_cast<const char*>(to + 2 * kPageBytes), _MM_HINT_NTA);  // NOLINT
  }
}

// Streams whole steps and returns how many bytes that were. A step is four lines: with more, or with wider registers,
// it measured slower.
WINDLASS_AVX2 size_t stream_lines(std::byte* target, const std::byte* source, size_t bytes) noexcept {
  size_t offset = 0;
  for (; offset + kStepBytes <= bytes; offset += kStepBytes) {
    const std::byte* from = source + offset;
    meet_pages(target + offset, from);
    _mm_prefetch(xxh3::ahead(from), _MM_HINT_NTA);
    _mm_prefetch(xxh3::ahead(from + 64), _MM_HINT_NTA);
    _mm_prefetch(xxh3::ahead(from + 128), _MM_HINT_NTA);
    _mm_prefetch(xxh3::ahead(from + 192), _MM_HINT_NTA);
    const Pair first = load_pair(from);
    const Pair second = load_pair(from + 64);
    const Pair third = load_pair(from + 128);
    const Pair fourth = load_pair(from + 192);
    stream_pair(target + offset, first);
    stream_pair(target + offset + 64, second);
    stream_pair(target + offset + 128, third);
    stream_pair(target + offset + 192, fourth);
  }
  return offset;
}

}  // namespace

void copy_streamed(void* target, const void* source, size_t bytes) noexcept {
  if (bytes < xxh3::kStreamBytes) {
    if (bytes != 0) std::memcpy(target, source, bytes);
    return;
  }
  auto* to = static_cast<std::byte*>(target);
  const auto* from = static_cast<const std::byte*>(source);
  const size_t head = xxh3::bytes_to_line(to);
  std::memcpy(to, from, head);
  const size_t done = head + stream_lines(to + head, from + head, bytes - head);
  std::memcpy(to + done, from + done, bytes - done);
  _mm_sfence();
}

constinit const CopyKernel kAvx2CopyKernel = {.name = "avx2",
                                              .copy = copy_streamed,
                                              .copy_hashed = xxh3::copy_hashed_with<Avx2Engine>,
                                              .hash = xxh3::hash_with<Avx2Engine>};

}  // namespace windlass

#endif
