// Bytes that are easy to make and hard to get right by accident: each 4 KiB differs from every other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace windlass::test {

inline std::vector<std::byte> pattern(uint64_t bytes, uint64_t seed) {
  constexpr size_t kTileBytes = 4096;
  std::vector<uint64_t> tile(kTileBytes / sizeof(uint64_t));
  std::mt19937_64 random(seed);
  for (uint64_t& number : tile) number = random();
  std::vector<std::byte> made(bytes);
  for (size_t at = 0; at < bytes; at += kTileBytes) {
    tile[0] = seed * 1000003 + at;
    std::memcpy(made.data() + at, tile.data(), std::min<size_t>(kTileBytes, bytes - at));
  }
  return made;
}

}  // namespace windlass::test
