// Arithmetic on byte counts.
#pragma once

#include <cstdint>
#include <limits>

namespace windlass {

inline constexpr uint64_t kKiB = uint64_t{1} << 10;
inline constexpr uint64_t kMiB = uint64_t{1} << 20;
inline constexpr uint64_t kGiB = uint64_t{1} << 30;

// Rounds up to a multiple of unit, a power of two; 0 where the result does not fit.
constexpr uint64_t round_up(uint64_t bytes, uint64_t unit) noexcept {
  if (bytes > std::numeric_limits<uint64_t>::max() - (unit - 1)) return 0;
  return (bytes + (unit - 1)) & ~(unit - 1);
}

constexpr bool is_power_of_two(uint64_t number) noexcept { return number != 0 && (number & (number - 1)) == 0; }

// Whether [offset, offset + bytes) lies within [0, size).
constexpr bool in_range(uint64_t offset, uint64_t bytes, uint64_t size) noexcept {
  return offset <= size && bytes <= size - offset;
}

}  // namespace windlass
