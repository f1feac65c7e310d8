// Boxes: a tensor's elements from some index on in each dimension, and as many of them.
//
// A tensor's bytes are packed in row-major order, the last dimension without gaps. A part of it is therefore rows:
// runs of elements that follow one another in memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "volume/entry.hpp"

namespace windlass {

struct Box {
  uint32_t rank = 0;
  std::array<uint64_t, kMaxRank> offsets{};
  std::array<uint64_t, kMaxRank> sizes{};

  // All of a tensor.
  static Box whole(const Shape& shape) noexcept { return {shape.rank, {}, shape.sizes}; }

  bool empty() const noexcept;
  // The number of elements; the caller knows that it fits.
  uint64_t volume() const noexcept;
  // Whether it lies within [0, shape) in every dimension.
  bool within(const Shape& shape) const noexcept;
  std::string to_string() const;  // "[2:5, 0:128]"

  friend bool operator==(const Box&, const Box&) = default;
};

// What both have; nothing if they share no element. Both are of one rank.
std::optional<Box> intersection(const Box& one, const Box& other) noexcept;

// Adds to rest what box has and hole has not, as boxes that share nothing. hole lies within box, and is not empty.
void subtract(const Box& box, const Box& hole, std::vector<Box>* rest);

// Elements that follow one another both in a source and in a target.
struct ElementRun {
  uint64_t source_element = 0;
  uint64_t target_element = 0;
  uint64_t elements = 0;
};

// Tells the runs of which a piece consists: one after another, as long as they can be. piece lies within source and
// within target, all three in the coordinates of one tensor; source and target are packed each for itself.
class RunCursor {
 public:
  RunCursor(const Box& source, const Box& target, const Box& piece) noexcept;

  // Nothing once there are no more.
  std::optional<ElementRun> next() noexcept;

 private:
  uint64_t run_elements_ = 1;
  uint32_t outer_rank_ = 0;  // dimensions that are walked; those behind are within a run
  uint64_t left_ = 0;        // runs still to tell
  uint64_t source_element_ = 0;
  uint64_t target_element_ = 0;
  std::array<uint64_t, kMaxRank> sizes_{};
  std::array<uint64_t, kMaxRank> at_{};
  std::array<uint64_t, kMaxRank> source_strides_{};
  std::array<uint64_t, kMaxRank> target_strides_{};
};

}  // namespace windlass
