// How a compressed chunk looks: a header that says what follows it, then the parts.
//
// A chunk stands alone: nothing outside it is needed to decode it. Its parts are the whole chunk for raw, lz4 and zstd,
// and otherwise the planes of its numbers, from that of the lowest byte to that of the highest, each raw or coded. The
// bytes behind the last whole number end the chunk, raw. Numbers in the header are little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/status.hpp"

namespace windlass {

// The numbers are stored.
enum class Method : uint8_t {
  kRaw = 0,
  kLz4 = 1,
  kZstd = 2,
  kFloat16 = 3,  // two planes of bytes: sign and mantissa, and the exponent, which compresses; for bf16 and fp16 alike
  kFloat32 = 4,  // four planes, of which the highest is the exponent
};
inline constexpr uint8_t kLastMethod = 4;

const char* method_name(Method method) noexcept;

inline constexpr uint64_t kDefaultChunkBytes = kMiB;
inline constexpr uint64_t kMostChunkBytes = 64 * kMiB;
inline constexpr size_t kChunkHeaderBytes = 24;
inline constexpr size_t kMostPlanes = 4;

// What an encoded chunk may take: no method makes it larger than it was, but for the header.
constexpr uint64_t encoded_bound(uint64_t raw_bytes) noexcept { return raw_bytes + kChunkHeaderBytes; }

// How many planes a method makes of its numbers, which is how many bytes they have; 1 where it makes none.
constexpr size_t plane_count(Method method) noexcept {
  if (method == Method::kFloat32) return 4;
  return method == Method::kFloat16 ? 2 : 1;
}

struct ChunkHeader {
  Method method = Method::kRaw;
  uint8_t coded_parts = 0;  // bit n: part n went through the entropy coder
  uint32_t raw_bytes = 0;
  std::array<uint32_t, kMostPlanes> part_bytes{};

  bool coded(size_t part) const noexcept { return (coded_parts >> part & 1U) != 0; }
  // Bytes behind the last whole number.
  size_t tail_bytes() const noexcept { return raw_bytes % plane_count(method); }
  friend bool operator==(const ChunkHeader&, const ChunkHeader&) = default;
};

void write_header(std::span<std::byte> target, const ChunkHeader& header) noexcept;

// The header of a chunk that is exactly these bytes: all of its parts are there, and nothing else. Errors: kCorrupt.
Result<ChunkHeader> read_header(std::span<const std::byte> encoded);

}  // namespace windlass
