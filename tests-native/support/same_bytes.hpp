// Compares large stretches of bytes. std::equal looks at one byte after the other, which takes longer than all else
// that a test does where nothing is optimised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace windlass::test {

using Bytes = std::span<const std::byte>;

inline bool same_bytes(Bytes one, Bytes other) {
  return one.size() == other.size() && (one.empty() || std::memcmp(one.data(), other.data(), one.size()) == 0);
}

// Whether part is what the whole has from the offset on.
inline bool lies_at(Bytes part, Bytes whole, uint64_t offset) {
  return offset <= whole.size() && part.size() <= whole.size() - offset &&
         same_bytes(part, whole.subspan(offset, part.size()));
}

}  // namespace windlass::test
