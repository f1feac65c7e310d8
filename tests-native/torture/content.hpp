// What the torture's values hold: who put them, and bytes that follow from that, so that any mixture shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windlass::torture {

struct Origin {
  uint64_t sequence = 0;  // of the put, unique
  uint64_t group = 0;
  uint64_t item = 0;
  uint64_t bytes = 0;
};

// A value's bytes. How many there are follows from the sequence and the item: from a few to more than a mebibyte.
std::vector<std::byte> content_of(uint64_t sequence, uint64_t group, uint64_t item);

// Where a value comes from. Nothing, and what is wrong, if it is not what was put there.
std::optional<Origin> check_content(std::span<const std::byte> content, uint64_t group, uint64_t item,
                                    std::string* wrong);

}  // namespace windlass::torture
