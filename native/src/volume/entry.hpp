// What a volume knows of a value beside its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.hpp"

namespace windlass {

// A key's kind does not change for as long as the key exists.
enum class EntryKind : int32_t { kBytes = 0, kTensor = 1 };

inline constexpr uint32_t kMaxRank = 16;
inline constexpr uint64_t kMaxKeyBytes = 4 * kKiB;  // of UTF-8, without NUL, at least one
inline constexpr uint64_t kMaxAttributesBytes = 64 * kKiB;
inline constexpr uint32_t kMaxShards = 65536;
inline constexpr uint64_t kMaxBatch = 1 << 20;  // items of one call

// A tensor's shape; a scalar's rank is 0.
struct Shape {
  uint32_t rank = 0;
  std::array<uint64_t, kMaxRank> sizes{};  // those beyond the rank are 0

  std::span<const uint64_t> view() const noexcept { return {sizes.data(), rank}; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

// Views last for the call that they are passed to.
struct EntryMeta {
  EntryKind kind = EntryKind::kBytes;
  int32_t dtype = 0;  // the store knows what it means
  Shape shape;
  std::string_view attributes;  // whatever the store wants to remember
};

// Which part of a value that several writers put this is. A new version is published once all its shards have been
// committed since the last one; until then readers see the version before.
struct ShardPlace {
  uint32_t index = 0;
  uint32_t count = 0;  // 0: the value is whole
  friend bool operator==(const ShardPlace&, const ShardPlace&) = default;
};

}  // namespace windlass
