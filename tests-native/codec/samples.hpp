// Bytes of the kinds that a codec meets: some shrink, some do not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <random>
#include <string_view>
#include <vector>

namespace windlass::test {

enum class Sample { kZeros, kRandom, kBf16, kFp16, kFp32, kText, kRamp, kOddFloats };

inline constexpr Sample kAllSamples[] = {Sample::kZeros, Sample::kRandom, Sample::kBf16, Sample::kFp16,
                                         Sample::kFp32,  Sample::kText,   Sample::kRamp, Sample::kOddFloats};

inline const char* sample_name(Sample sample) {
  constexpr const char* kNames[] = {"zeros", "random", "bf16", "fp16", "fp32", "text", "ramp", "oddFloats"};
  return kNames[static_cast<size_t>(sample)];
}

// For googletest.
inline void PrintTo(Sample sample, std::ostream* out) { *out << sample_name(sample); }

// Weights as they are: normally distributed around zero.
inline uint32_t weight_bits(std::mt19937_64& random, std::normal_distribution<float>& normal) {
  const float weight = normal(random);
  uint32_t bits = 0;
  std::memcpy(&bits, &weight, sizeof bits);
  return bits;
}

// To half precision, where the weight is a normal number of it and zero where it is not; the rest is cut off.
inline uint16_t half_bits(uint32_t bits) {
  const auto exponent = static_cast<int32_t>(bits >> 23U & 0xFFU) - 127 + 15;
  const uint32_t sign = bits >> 16U & 0x8000U;
  if (exponent <= 0 || exponent >= 31) return static_cast<uint16_t>(sign);
  return static_cast<uint16_t>(sign | static_cast<uint32_t>(exponent) << 10U | (bits >> 13U & 0x3FFU));
}

inline uint64_t sample_number(Sample sample, std::mt19937_64& random, std::normal_distribution<float>& normal,
                              uint64_t index) {
  switch (sample) {
    case Sample::kRandom:
      return random();
    case Sample::kBf16:
      return weight_bits(random, normal) >> 16U | (weight_bits(random, normal) & 0xFFFF0000U);
    case Sample::kFp16:
      return half_bits(weight_bits(random, normal)) | uint64_t{half_bits(weight_bits(random, normal))} << 16U;
    case Sample::kFp32:
      return weight_bits(random, normal);
    case Sample::kRamp:
      return index;
    case Sample::kOddFloats: {
      // Infinities, NaNs with a payload, denormals, both zeros.
      constexpr uint32_t kOdd[] = {0x7F800000, 0xFF800000, 0x7FC01234, 0xFF80FFFF,
                                   0x00000001, 0x807FFFFF, 0,          0x80000000};
      return kOdd[random() % std::size(kOdd)] ^ (random() % 64 == 0 ? random() & 0xFFFFU : 0);
    }
    default:
      return 0;
  }
}

inline std::vector<std::byte> make_sample(Sample sample, size_t bytes, uint64_t seed) {
  std::vector<std::byte> made(bytes);
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, 0.02F);
  if (sample == Sample::kText) {
    constexpr std::string_view kWords[] = {"the ", "region ", "gives ", "its ", "memory ", "back, ", "and ", "keeps "};
    for (size_t at = 0; at < bytes;) {
      const std::string_view word = kWords[random() % std::size(kWords)];
      const size_t taken = std::min(word.size(), bytes - at);
      std::memcpy(made.data() + at, word.data(), taken);
      at += taken;
    }
    return made;
  }
  if (sample == Sample::kZeros) return made;
  for (size_t at = 0; at < bytes; at += sizeof(uint32_t)) {
    const auto number = static_cast<uint32_t>(sample_number(sample, random, normal, at));
    std::memcpy(made.data() + at, &number, std::min(sizeof number, bytes - at));
  }
  return made;
}

}  // namespace windlass::test
