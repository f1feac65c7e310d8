// How far bytes would shrink if each were coded by how often it occurs.
#pragma once

#include <cstddef>
#include <span>

namespace windlass {

// Bits per byte, 0 to 8; 0 for no bytes.
double entropy_bits(std::span<const std::byte> bytes) noexcept;

}  // namespace windlass
