#include "store/slice.hpp"

#include <cstddef>
#include <limits>
#include <span>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// version (1 byte), rank, mesh rank, 0; then numbers of 8 bytes, little-endian: the global shape, the offsets, the
// shape of the mesh, the coordinates.
constexpr uint8_t kEncodingVersion = 1;
constexpr size_t kHeaderBytes = 4;
constexpr size_t kNumberBytes = 8;
static_assert(kHeaderBytes + size_t{4} * kMaxRank * kNumberBytes <= kMaxSliceBytes);

void append_numbers(std::string* out, std::span<const uint64_t> numbers) {
  for (const uint64_t number : numbers) {
    for (size_t byte = 0; byte < kNumberBytes; ++byte) out->push_back(static_cast<char>(number >> (8 * byte) & 0xffU));
  }
}

// The caller has seen that there are enough bytes.
void take_numbers(std::string_view* bytes, std::span<uint64_t> numbers) noexcept {
  for (uint64_t& number : numbers) {
    number = 0;
    for (size_t byte = 0; byte < kNumberBytes; ++byte) {
      number |= static_cast<uint64_t>(static_cast<uint8_t>((*bytes)[byte])) << (8 * byte);
    }
    bytes->remove_prefix(kNumberBytes);
  }
}

Status check_mesh(const Slice& slice) {
  uint64_t writers = 1;
  for (uint32_t dimension = 0; dimension < slice.mesh.rank; ++dimension) {
    const uint64_t size = slice.mesh.sizes[dimension];
    if (slice.coordinates[dimension] >= size) {
      return Status::error(Code::kInvalidArgument, text("slice: coordinate ", slice.coordinates[dimension],
                                                        " in dimension ", dimension, " of a mesh that has ", size));
    }
    if (size > kMaxShards / writers) {
      return Status::error(Code::kInvalidArgument,
                           text("slice: a mesh of more than ", kMaxShards, " writers; put larger shards"));
    }
    writers *= size;
  }
  return Status();
}

}  // namespace

Status check_slice(const Slice& slice, const Shape& local) {
  if (slice.global.rank > kMaxRank || slice.mesh.rank > kMaxRank) {
    return Status::error(Code::kInvalidArgument, text("slice: a rank of ", slice.global.rank, " in a mesh of ",
                                                      slice.mesh.rank, " dimensions; at most ", kMaxRank, " each"));
  }
  if (slice.global.rank != local.rank) {
    return Status::error(Code::kInvalidArgument, text("slice: a shard of rank ", local.rank, " in a tensor of rank ",
                                                      slice.global.rank, "; they are of one rank"));
  }
  for (uint32_t dimension = 0; dimension < local.rank; ++dimension) {
    if (!in_range(slice.offsets[dimension], local.sizes[dimension], slice.global.sizes[dimension])) {
      return Status::error(Code::kInvalidArgument,
                           text("slice: ", local.sizes[dimension], " elements from ", slice.offsets[dimension],
                                " on in dimension ", dimension, ", which has ", slice.global.sizes[dimension]));
    }
  }
  return check_mesh(slice);
}

ShardPlace shard_place(const Slice& slice) noexcept {
  ShardPlace place{0, 1};
  for (uint32_t dimension = 0; dimension < slice.mesh.rank; ++dimension) {
    const auto size = static_cast<uint32_t>(slice.mesh.sizes[dimension]);
    place.index = place.index * size + static_cast<uint32_t>(slice.coordinates[dimension]);
    place.count *= size;
  }
  return place;
}

std::string join_attributes(const Slice& slice, std::string_view own) {
  std::string joined;
  joined.reserve(kMaxSliceBytes + own.size());
  joined.push_back(static_cast<char>(kEncodingVersion));
  joined.push_back(static_cast<char>(slice.global.rank));
  joined.push_back(static_cast<char>(slice.mesh.rank));
  joined.push_back('\0');
  append_numbers(&joined, slice.global.view());
  append_numbers(&joined, {slice.offsets.data(), slice.global.rank});
  append_numbers(&joined, slice.mesh.view());
  append_numbers(&joined, {slice.coordinates.data(), slice.mesh.rank});
  joined += own;
  return joined;
}

Result<SplitAttributes> split_attributes(std::string_view joined, const Shape& local, ShardPlace place) {
  const auto corrupt = [&](std::string_view why) {
    return Status::error(Code::kCorrupt, text("shard ", place.index, " of ", place.count, ": ", why,
                                              "; put it with a library that knows slices of this version"));
  };
  if (joined.size() < kHeaderBytes) return corrupt("its attributes hold no slice");
  const auto version = static_cast<uint8_t>(joined[0]);
  const auto rank = static_cast<uint8_t>(joined[1]);
  const auto mesh_rank = static_cast<uint8_t>(joined[2]);
  if (version != kEncodingVersion || joined[3] != '\0') return corrupt("its slice is of an unknown version");
  if (rank > kMaxRank || mesh_rank > kMaxRank) return corrupt("its slice has too many dimensions");
  joined.remove_prefix(kHeaderBytes);
  if (joined.size() < 2 * kNumberBytes * (size_t{rank} + mesh_rank)) return corrupt("its slice is cut off");
  SplitAttributes split;
  split.slice.global.rank = rank;
  split.slice.mesh.rank = mesh_rank;
  take_numbers(&joined, {split.slice.global.sizes.data(), rank});
  take_numbers(&joined, {split.slice.offsets.data(), rank});
  take_numbers(&joined, {split.slice.mesh.sizes.data(), mesh_rank});
  take_numbers(&joined, {split.slice.coordinates.data(), mesh_rank});
  if (Status valid = check_slice(split.slice, local); !valid.ok()) return corrupt(valid.message());
  if (shard_place(split.slice) != place) return corrupt("its slice is of another shard");
  split.own = joined;
  return split;
}

}  // namespace windlass
