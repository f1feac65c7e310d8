#include "codec/entropy.hpp"

#include <array>
#include <cmath>
#include <cstdint>

namespace windlass {

double entropy_bits(std::span<const std::byte> bytes) noexcept {
  // Several tables in turn: counting the same byte twice in a row would wait for the first count to be written.
  constexpr size_t kTables = 4;
  std::array<std::array<uint32_t, 256>, kTables> counts{};
  for (size_t i = 0; i < bytes.size(); ++i) ++counts[i % kTables][std::to_integer<size_t>(bytes[i])];
  const auto total = static_cast<double>(bytes.size());
  double bits = 0;
  for (size_t value = 0; value < counts[0].size(); ++value) {
    const uint32_t count = counts[0][value] + counts[1][value] + counts[2][value] + counts[3][value];
    if (count != 0) bits -= count / total * std::log2(count / total);
  }
  return bits < 0 ? 0 : bits;
}

}  // namespace windlass
