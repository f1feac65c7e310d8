// Splits numbers into planes of bytes, and merges them again: plane n holds byte n of every number, byte 0 the lowest.
//
// A float's exponent lies across two bytes, behind the sign. Turned left by one bit, the number has its exponent in the
// highest byte, and its sign in the lowest bit, where it does no harm. With an fp16's exponent come three bits of its
// mantissa: that compresses as well as any other cut.
//
// Any bytes, at any alignment, come back as they were. Numbers are little-endian.
#pragma once

#include <array>
#include <cstddef>

namespace windlass {

using Planes2 = std::array<std::byte*, 2>;
using Planes4 = std::array<std::byte*, 4>;
using ConstPlanes2 = std::array<const std::byte*, 2>;
using ConstPlanes4 = std::array<const std::byte*, 4>;

// count numbers of two bytes.
void split2(const Planes2& planes, const std::byte* source, size_t count) noexcept;
void merge2(std::byte* target, const ConstPlanes2& planes, size_t count) noexcept;

// count numbers of four bytes.
void split4(const Planes4& planes, const std::byte* source, size_t count) noexcept;
void merge4(std::byte* target, const ConstPlanes4& planes, size_t count) noexcept;

}  // namespace windlass
