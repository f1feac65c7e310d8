// What the torture's processes know of one another: memory that they share, and the model they check against.
//
// Values come in groups, which are always put as one. A group's version on the board is one that some process has been
// told of: whoever looks after that must find it, or a newer one. Volatile groups are removed too, so that they may be
// missing, but never mixed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <type_traits>

#include "base/text.hpp"

namespace windlass::torture {

inline constexpr uint32_t kGroups = 12;
inline constexpr uint32_t kStableGroups = 8;
inline constexpr uint32_t kItems = 4;  // of a group

struct Board {
  std::atomic<uint32_t> stop{0};
  std::atomic<uint32_t> violations{0};
  std::atomic<uint64_t> next_sequence{1};
  std::atomic<uint64_t> puts{0};
  std::atomic<uint64_t> gets{0};
  std::atomic<uint64_t> misses{0};
  std::atomic<uint64_t> removals{0};
  std::atomic<uint64_t> refusals{0};  // for want of room
  std::array<std::atomic<uint64_t>, kGroups> committed{};
};
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::is_standard_layout_v<Board>);

inline std::string key_of(uint32_t group, uint32_t item) {
  return text(group < kStableGroups ? "stable/" : "volatile/", group, "/", item);
}

}  // namespace windlass::torture
