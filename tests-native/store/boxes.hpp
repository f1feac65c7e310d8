// Boxes as tests write them: {{offset, size}, …}, one pair for each dimension.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>

#include "store/box.hpp"

namespace windlass::test {

inline Box box_of(std::initializer_list<std::pair<uint64_t, uint64_t>> spans) {
  Box box;
  for (const auto& [offset, size] : spans) {
    box.offsets.at(box.rank) = offset;
    box.sizes.at(box.rank++) = size;
  }
  return box;
}

}  // namespace windlass::test
