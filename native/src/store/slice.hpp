// Slices: which part of a tensor one of several writers puts.
//
// The writers stand in a mesh; each has coordinates in it, and puts the box of the tensor that begins at its offsets.
// The volume knows only that a value has so many shards and which one this is; the rest travels in the attributes of
// each shard, before the writer's own.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "store/box.hpp"
#include "volume/entry.hpp"

namespace windlass {

struct Slice {
  Shape global;                              // of the whole tensor
  std::array<uint64_t, kMaxRank> offsets{};  // where this part begins
  Shape mesh;                                // how many writers there are in each dimension of the mesh
  std::array<uint64_t, kMaxRank> coordinates{};

  // All of a tensor, which one writer put.
  static Slice whole(const Shape& shape) noexcept { return {shape, {}, {}, {}}; }

  Box box(const Shape& local) const noexcept { return {global.rank, offsets, local.sizes}; }

  friend bool operator==(const Slice&, const Slice&) = default;
};

// What a slice takes of the attributes at most. A writer with a slice has so much less for its own.
inline constexpr uint64_t kMaxSliceBytes = 1 * kKiB;

// Errors: kInvalidArgument (beyond the tensor, of another rank, no such place in the mesh, a mesh too large).
Status check_slice(const Slice& slice, const Shape& local);

// The writer's number: its coordinates, row-major. The slice has been checked.
ShardPlace shard_place(const Slice& slice) noexcept;

// The attributes of a shard: its slice, then the writer's own.
std::string join_attributes(const Slice& slice, std::string_view own);

struct SplitAttributes {
  Slice slice;
  std::string_view own;  // in what was split
};

// The way back, for a shard of this shape and place. Errors: kCorrupt (it holds no slice, or one that cannot be).
Result<SplitAttributes> split_attributes(std::string_view joined, const Shape& local, ShardPlace place);

}  // namespace windlass
