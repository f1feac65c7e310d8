#include "store/box.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass {

bool Box::empty() const noexcept {
  return std::any_of(sizes.begin(), sizes.begin() + rank, [](uint64_t size) { return size == 0; });
}

uint64_t Box::volume() const noexcept {
  uint64_t elements = 1;
  for (uint32_t dimension = 0; dimension < rank; ++dimension) elements *= sizes[dimension];
  return elements;
}

bool Box::within(const Shape& shape) const noexcept {
  if (rank != shape.rank) return false;
  for (uint32_t dimension = 0; dimension < rank; ++dimension) {
    if (!in_range(offsets[dimension], sizes[dimension], shape.sizes[dimension])) return false;
  }
  return true;
}

std::string Box::to_string() const {
  std::string told = "[";
  for (uint32_t dimension = 0; dimension < rank; ++dimension) {
    if (dimension != 0) told += ", ";
    told += text(offsets[dimension], ':', offsets[dimension] + sizes[dimension]);
  }
  return told + ']';
}

std::optional<Box> intersection(const Box& one, const Box& other) noexcept {
  Box both;
  both.rank = one.rank;
  for (uint32_t dimension = 0; dimension < one.rank; ++dimension) {
    const uint64_t first = std::max(one.offsets[dimension], other.offsets[dimension]);
    const uint64_t end =
        std::min(one.offsets[dimension] + one.sizes[dimension], other.offsets[dimension] + other.sizes[dimension]);
    if (first >= end) return std::nullopt;
    both.offsets[dimension] = first;
    both.sizes[dimension] = end - first;
  }
  return both;
}

void subtract(const Box& box, const Box& hole, std::vector<Box>* rest) {
  Box core = box;  // shrinks to the hole, one dimension after another; what falls off is the rest
  for (uint32_t dimension = 0; dimension < box.rank; ++dimension) {
    const uint64_t before = hole.offsets[dimension] - core.offsets[dimension];
    const uint64_t behind = core.sizes[dimension] - before - hole.sizes[dimension];
    if (before != 0) {
      Box part = core;
      part.sizes[dimension] = before;
      rest->push_back(part);
    }
    if (behind != 0) {
      Box part = core;
      part.offsets[dimension] = hole.offsets[dimension] + hole.sizes[dimension];
      part.sizes[dimension] = behind;
      rest->push_back(part);
    }
    core.offsets[dimension] = hole.offsets[dimension];
    core.sizes[dimension] = hole.sizes[dimension];
  }
}

RunCursor::RunCursor(const Box& source, const Box& target, const Box& piece) noexcept : sizes_(piece.sizes) {
  if (piece.empty()) return;
  uint64_t source_stride = 1;
  uint64_t target_stride = 1;
  outer_rank_ = piece.rank;
  bool within_run = true;
  left_ = 1;
  for (uint32_t dimension = piece.rank; dimension-- > 0;) {
    source_strides_[dimension] = source_stride;
    target_strides_[dimension] = target_stride;
    source_element_ += (piece.offsets[dimension] - source.offsets[dimension]) * source_stride;
    target_element_ += (piece.offsets[dimension] - target.offsets[dimension]) * target_stride;
    source_stride *= source.sizes[dimension];
    target_stride *= target.sizes[dimension];
    if (within_run) {
      run_elements_ *= piece.sizes[dimension];
      outer_rank_ = dimension;
      // Only if this dimension has no gap at either side does the next one out go on where it ends.
      within_run =
          piece.sizes[dimension] == source.sizes[dimension] && source.sizes[dimension] == target.sizes[dimension];
    } else {
      left_ *= piece.sizes[dimension];
    }
  }
}

std::optional<ElementRun> RunCursor::next() noexcept {
  if (left_ == 0) return std::nullopt;
  const ElementRun run{source_element_, target_element_, run_elements_};
  --left_;
  for (uint32_t dimension = outer_rank_; dimension-- > 0;) {
    source_element_ += source_strides_[dimension];
    target_element_ += target_strides_[dimension];
    if (++at_[dimension] < sizes_[dimension]) break;
    source_element_ -= at_[dimension] * source_strides_[dimension];
    target_element_ -= at_[dimension] * target_strides_[dimension];
    at_[dimension] = 0;
  }
  return run;
}

}  // namespace windlass
