// XXH3-128 (seed 0) of long inputs, shared by the copy kernels: constants, the order of the passes, and the end.
//
// The algorithm, from its published specification: eight 64-bit lanes take in stripes of 64 bytes; sixteen stripes make
// a block, after which the lanes are scrambled. What is left behind the last whole block is taken in as whole stripes;
// the last 64 bytes of the input, which may overlap those, are always taken in as a stripe of their own. Then the lanes
// are merged into 128 bits.
//
// An engine does the work on lanes and bytes for one instruction set. It is a type with
//   kStreams                                                       whether it has non-temporal stores
//   blocks<Store>(lanes, target, source, count, shift)             count blocks, each followed by a scramble
//   stripes<Store>(lanes, target, source, count)                   the first count stripes of a block
//   last_stripe(lanes, source)                                     the stripe that ends the input
//   fence()                                                        orders non-temporal stores before what follows
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"
#include "memory/copy.hpp"

namespace windlass::xxh3 {

inline constexpr size_t kLaneCount = 8;
inline constexpr size_t kStripeBytes = 64;
inline constexpr size_t kStripesPerBlock = 16;
inline constexpr size_t kBlockBytes = kStripeBytes * kStripesPerBlock;
inline constexpr size_t kShortBytes = 240;  // inputs up to here are hashed in another way

// Copies below this size go through the caches: both sides may well be wanted there, and fit.
inline constexpr size_t kStreamBytes = 512 * kKiB;
// Where a kernel begins to fetch a line before it needs it; measured best on Zen 4.
inline constexpr size_t kPrefetchBytes = 3 * kKiB;

inline constexpr uint64_t kPrime32First = 0x9E3779B1;
inline constexpr uint64_t kPrime32Second = 0x85EBCA77;
inline constexpr uint64_t kPrime32Third = 0xC2B2AE3D;
inline constexpr uint64_t kPrime64First = 0x9E3779B185EBCA87;
inline constexpr uint64_t kPrime64Second = 0xC2B2AE3D27D4EB4F;
inline constexpr uint64_t kPrime64Third = 0x165667B19E3779F9;
inline constexpr uint64_t kPrime64Fourth = 0x85EBCA77C2B2AE63;
inline constexpr uint64_t kPrime64Fifth = 0x27D4EB2F165667C5;

// The specification's default secret. Stripe n of a block uses the 64 bytes from 8 n on.
inline constexpr size_t kSecretBytes = 192;
inline constexpr size_t kSecretStepBytes = 8;
inline constexpr size_t kScrambleSecret = kSecretBytes - kStripeBytes;
inline constexpr size_t kLastStripeSecret = kScrambleSecret - 7;
inline constexpr size_t kLowSecret = 11;
inline constexpr size_t kHighSecret = kScrambleSecret - 11;
alignas(64) inline constexpr uint8_t kSecret[kSecretBytes] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4,
    0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e,
    0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21, 0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43,
    0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
    0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19,
    0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8, 0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7,
    0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78,
    0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16,
    0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f,
    0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e};

struct alignas(64) Lanes {
  uint64_t lane[kLaneCount] = {kPrime32Third,  kPrime64First,  kPrime64Second, kPrime64Third,
                               kPrime64Fourth, kPrime32Second, kPrime64Fifth,  kPrime32First};
};

// What becomes of the bytes that the lanes took in.
enum class Store {
  kNone,     // hashed only
  kPlain,    // stored as they are
  kStream,   // stored past the caches; the target is aligned to 64 bytes
  kShifted,  // the same from source + shift to target + shift, which is aligned to 64 bytes
};

inline uint64_t read_word(const void* address) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, address, sizeof word);
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

// Where the byte at offset is stored; there is no target where nothing is.
template <Store kStore>
std::byte* target_at(std::byte* target, size_t offset) noexcept {
  return kStore == Store::kNone ? nullptr : target + offset;
}

// The address of a line to fetch early; it may lie past the end, where fetching does nothing.
inline const char* ahead(const std::byte* source) noexcept {
  return reinterpret_cast<const char*>(reinterpret_cast<uintptr_t>(source) + kPrefetchBytes);  // NOLINT
}

// Bytes up to the next address that is aligned to 64.
inline size_t bytes_to_line(const void* address) noexcept { return (0 - reinterpret_cast<uintptr_t>(address)) & 63; }

// The two halves of a 128-bit product, one laid over the other.
inline uint64_t folded_product(uint64_t a, uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t merged(const Lanes& lanes, const uint8_t* secret, uint64_t start) noexcept {
  uint64_t sum = start;
  for (size_t i = 0; i < kLaneCount; i += 2) {
    sum += folded_product(lanes.lane[i] ^ read_word(secret + 8 * i), lanes.lane[i + 1] ^ read_word(secret + 8 * i + 8));
  }
  sum = (sum ^ (sum >> 37)) * 0x165667919E3779F9;
  return sum ^ (sum >> 32);
}

inline Hash128 finished(const Lanes& lanes, size_t bytes) noexcept {
  return {.low = merged(lanes, kSecret + kLowSecret, bytes * kPrime64First),
          .high = merged(lanes, kSecret + kHighSecret, ~(bytes * kPrime64Second))};
}

// The hash of at most kShortBytes.
Hash128 hash_short(const void* source, size_t bytes) noexcept;

// Takes in a long input, storing it on the way.
template <typename Engine, Store kStore>
Hash128 pass(std::byte* target, const std::byte* source, size_t bytes) noexcept {
  constexpr Store kRest = kStore == Store::kNone ? Store::kNone : Store::kPlain;
  Lanes lanes;
  const size_t shift = kStore == Store::kShifted ? bytes_to_line(target) : 0;
  if constexpr (kStore == Store::kShifted) std::memcpy(target, source, shift);
  // A shifted block reads up to a line past its end.
  const size_t blocks = (bytes - 1) / kBlockBytes;
  const size_t main_blocks = (bytes - 1 - shift) / kBlockBytes;
  Engine::template blocks<kStore>(lanes, target, source, main_blocks, shift);
  size_t offset = main_blocks * kBlockBytes;
  if constexpr (kStore == Store::kShifted) {
    Engine::template blocks<kRest>(lanes, target_at<kRest>(target, offset), source + offset, blocks - main_blocks, 0);
    offset = blocks * kBlockBytes;
  }
  const size_t stripes = (bytes - 1 - offset) / kStripeBytes;
  Engine::template stripes<kRest>(lanes, target_at<kRest>(target, offset), source + offset, stripes);
  offset += stripes * kStripeBytes;
  if constexpr (kStore != Store::kNone) std::memcpy(target + offset, source + offset, bytes - offset);
  Engine::last_stripe(lanes, source + bytes - kStripeBytes);
  if constexpr (kStore == Store::kStream || kStore == Store::kShifted) Engine::fence();
  return finished(lanes, bytes);
}

template <typename Engine>
Hash128 hash_with(const void* source, size_t bytes) noexcept {
  if (bytes <= kShortBytes) return hash_short(source, bytes);
  return pass<Engine, Store::kNone>(nullptr, static_cast<const std::byte*>(source), bytes);
}

template <typename Engine>
Hash128 copy_hashed_with(void* target, const void* source, size_t bytes) noexcept {
  if (bytes <= kShortBytes) {
    if (bytes != 0) std::memcpy(target, source, bytes);
    return hash_short(source, bytes);
  }
  auto* to = static_cast<std::byte*>(target);
  const auto* from = static_cast<const std::byte*>(source);
  if constexpr (Engine::kStreams) {
    if (bytes >= kStreamBytes) {
      return bytes_to_line(to) == 0 ? pass<Engine, Store::kStream>(to, from, bytes)
                                    : pass<Engine, Store::kShifted>(to, from, bytes);
    }
  }
  return pass<Engine, Store::kPlain>(to, from, bytes);
}

}  // namespace windlass::xxh3

namespace windlass {

// One per source file; the wide ones exist on x86-64 only.
extern const CopyKernel kPortableCopyKernel;
#if defined(__x86_64__)
extern const CopyKernel kAvx2CopyKernel;
extern const CopyKernel kAvx512CopyKernel;

// The copy of both, with AVX2.
void copy_streamed(void* target, const void* source, size_t bytes) noexcept;
#endif

}  // namespace windlass
