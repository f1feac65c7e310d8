// Where archives of strangers enter: what the fuzzer feeds, and the test of seeded mutations.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace windlass::fuzz {

// Feeds one input to what reads the parts of archives: tar headers, the index, its table, the seal. Returns whether the
// invariants held; what a sanitizer finds, it tells itself.
bool feed_archive(std::span<const std::byte> input);

// One well-formed input of each kind, to begin with.
std::vector<std::vector<std::byte>> archive_seeds();

}  // namespace windlass::fuzz
