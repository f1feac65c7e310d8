// The ways by which clients reach a volume: the same suites run over each.
#pragma once

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "support/rdma_here.hpp"

namespace windlass::test {

enum class Way { kLocal, kShm, kTcp, kRdma };

inline std::string way_name(Way way) {
  static constexpr std::array<const char*, 4> kNames{"local", "shm", "tcp", "rdma"};
  return kNames.at(static_cast<size_t>(way));
}

// Those that there are on this machine.
inline std::vector<Way> all_ways() {
  std::vector<Way> ways{Way::kLocal, Way::kShm, Way::kTcp};
  if (rdma_is_here()) ways.push_back(Way::kRdma);
  return ways;
}

inline void PrintTo(Way way, std::ostream* out) { *out << way_name(way); }

}  // namespace windlass::test
