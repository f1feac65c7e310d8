// The ways to offered memory, and how it is changed where it lies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "support/pattern.hpp"
#include "volume/volume_world.hpp"

namespace windlass::test {

// The ways there are, and over the Unix socket once more by lanes.
struct Road {
  Way way = Way::kLocal;
  bool by_lanes = false;
};

inline std::string road_name(const Road& road) { return way_name(road.way) + (road.by_lanes ? "_lanes" : ""); }
inline void PrintTo(const Road& road, std::ostream* out) { *out << road_name(road); }

// Other bytes, in the same place.
inline void refill(std::vector<std::byte>& bytes, uint64_t seed) {
  const std::vector<std::byte> other = pattern(bytes.size(), seed);
  std::copy(other.begin(), other.end(), bytes.begin());
}

}  // namespace windlass::test
