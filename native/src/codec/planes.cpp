#include "codec/planes.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

static_assert(std::endian::native == std::endian::little, "the planes are those of little-endian numbers");

namespace windlass {
namespace {

// One number at a time: where there are no vectors, and for what they leave over.
void split2_from(size_t first, const Planes2& planes, const std::byte* source, size_t count) noexcept {
  for (size_t i = first; i < count; ++i) {
    uint16_t number = 0;
    std::memcpy(&number, source + i * sizeof number, sizeof number);
    number = std::rotl(number, 1);
    planes[0][i] = static_cast<std::byte>(number);
    planes[1][i] = static_cast<std::byte>(number >> 8U);
  }
}

void merge2_from(size_t first, std::byte* target, const ConstPlanes2& planes, size_t count) noexcept {
  for (size_t i = first; i < count; ++i) {
    auto number =
        static_cast<uint16_t>(std::to_integer<unsigned>(planes[0][i]) | std::to_integer<unsigned>(planes[1][i]) << 8U);
    number = std::rotr(number, 1);
    std::memcpy(target + i * sizeof number, &number, sizeof number);
  }
}

void split4_from(size_t first, const Planes4& planes, const std::byte* source, size_t count) noexcept {
  for (size_t i = first; i < count; ++i) {
    uint32_t number = 0;
    std::memcpy(&number, source + i * sizeof number, sizeof number);
    number = std::rotl(number, 1);
    for (size_t plane = 0; plane < planes.size(); ++plane) {
      planes[plane][i] = static_cast<std::byte>(number >> (8 * plane));
    }
  }
}

void merge4_from(size_t first, std::byte* target, const ConstPlanes4& planes, size_t count) noexcept {
  for (size_t i = first; i < count; ++i) {
    uint32_t number = 0;
    for (size_t plane = 0; plane < planes.size(); ++plane) {
      number |= std::to_integer<uint32_t>(planes[plane][i]) << (8 * plane);
    }
    number = std::rotr(number, 1);
    std::memcpy(target + i * sizeof number, &number, sizeof number);
  }
}

#if defined(__x86_64__)

// SSE2, which every x86-64 has: the wider registers brought nothing here, for memory is what splitting waits for.
constexpr size_t kStep = 16;

__m128i load(const std::byte* address) noexcept { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(address)); }

void store(std::byte* address, __m128i value) noexcept { _mm_storeu_si128(reinterpret_cast<__m128i*>(address), value); }

__m128i turned2(__m128i numbers) noexcept {
  return _mm_or_si128(_mm_slli_epi16(numbers, 1), _mm_srli_epi16(numbers, 15));
}

__m128i turned_back2(__m128i numbers) noexcept {
  return _mm_or_si128(_mm_srli_epi16(numbers, 1), _mm_slli_epi16(numbers, 15));
}

size_t split2_steps(const Planes2& planes, const std::byte* source, size_t count) noexcept {
  const __m128i low_bytes = _mm_set1_epi16(0xFF);
  size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const __m128i first = turned2(load(source + 2 * i));
    const __m128i second = turned2(load(source + 2 * i + kStep));
    store(planes[0] + i, _mm_packus_epi16(_mm_and_si128(first, low_bytes), _mm_and_si128(second, low_bytes)));
    store(planes[1] + i, _mm_packus_epi16(_mm_srli_epi16(first, 8), _mm_srli_epi16(second, 8)));
  }
  return i;
}

size_t merge2_steps(std::byte* target, const ConstPlanes2& planes, size_t count) noexcept {
  size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const __m128i low = load(planes[0] + i);
    const __m128i high = load(planes[1] + i);
    store(target + 2 * i, turned_back2(_mm_unpacklo_epi8(low, high)));
    store(target + 2 * i + kStep, turned_back2(_mm_unpackhi_epi8(low, high)));
  }
  return i;
}

// Sixteen numbers of four bytes.
struct Sixteen {
  __m128i part[4];
};

template <int kPlane>
__m128i plane_of(const Sixteen& numbers) noexcept {
  const __m128i low_bytes = _mm_set1_epi32(0xFF);
  Sixteen bytes{};
  for (size_t i = 0; i < 4; ++i) {
    bytes.part[i] = _mm_and_si128(_mm_srli_epi32(numbers.part[i], 8 * kPlane), low_bytes);
  }
  return _mm_packus_epi16(_mm_packs_epi32(bytes.part[0], bytes.part[1]), _mm_packs_epi32(bytes.part[2], bytes.part[3]));
}

size_t split4_steps(const Planes4& planes, const std::byte* source, size_t count) noexcept {
  size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    Sixteen numbers{};
    for (size_t part = 0; part < 4; ++part) {
      const __m128i loaded = load(source + 4 * i + part * kStep);
      numbers.part[part] = _mm_or_si128(_mm_slli_epi32(loaded, 1), _mm_srli_epi32(loaded, 31));
    }
    store(planes[0] + i, plane_of<0>(numbers));
    store(planes[1] + i, plane_of<1>(numbers));
    store(planes[2] + i, plane_of<2>(numbers));
    store(planes[3] + i, plane_of<3>(numbers));
  }
  return i;
}

size_t merge4_steps(std::byte* target, const ConstPlanes4& planes, size_t count) noexcept {
  size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const __m128i first = load(planes[0] + i);
    const __m128i second = load(planes[1] + i);
    const __m128i third = load(planes[2] + i);
    const __m128i fourth = load(planes[3] + i);
    const __m128i low[] = {_mm_unpacklo_epi8(first, second), _mm_unpackhi_epi8(first, second)};
    const __m128i high[] = {_mm_unpacklo_epi8(third, fourth), _mm_unpackhi_epi8(third, fourth)};
    for (size_t half = 0; half < 2; ++half) {
      const __m128i numbers[] = {_mm_unpacklo_epi16(low[half], high[half]), _mm_unpackhi_epi16(low[half], high[half])};
      for (size_t part = 0; part < 2; ++part) {
        store(target + 4 * i + (2 * half + part) * kStep,
              _mm_or_si128(_mm_srli_epi32(numbers[part], 1), _mm_slli_epi32(numbers[part], 31)));
      }
    }
  }
  return i;
}

#else

size_t split2_steps(const Planes2& /*planes*/, const std::byte* /*source*/, size_t /*count*/) noexcept { return 0; }
size_t merge2_steps(std::byte* /*target*/, const ConstPlanes2& /*planes*/, size_t /*count*/) noexcept { return 0; }
size_t split4_steps(const Planes4& /*planes*/, const std::byte* /*source*/, size_t /*count*/) noexcept { return 0; }
size_t merge4_steps(std::byte* /*target*/, const ConstPlanes4& /*planes*/, size_t /*count*/) noexcept { return 0; }

#endif

}  // namespace

void split2(const Planes2& planes, const std::byte* source, size_t count) noexcept {
  split2_from(split2_steps(planes, source, count), planes, source, count);
}

void merge2(std::byte* target, const ConstPlanes2& planes, size_t count) noexcept {
  merge2_from(merge2_steps(target, planes, count), target, planes, count);
}

void split4(const Planes4& planes, const std::byte* source, size_t count) noexcept {
  split4_from(split4_steps(planes, source, count), planes, source, count);
}

void merge4(std::byte* target, const ConstPlanes4& planes, size_t count) noexcept {
  merge4_from(merge4_steps(target, planes, count), target, planes, count);
}

}  // namespace windlass
