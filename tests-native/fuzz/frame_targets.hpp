// Where bytes of strangers enter: what the fuzzer feeds, and the test of seeded mutations.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace windlass::fuzz {

// Feeds one input to everything that reads frames of peers: the reader of frames, the decoder, the server's handshake,
// the lanes' headers. Returns whether the invariants held; what a sanitizer finds, it tells itself.
bool feed_frames(std::span<const std::byte> input);

// One well-formed input of each kind, to begin with.
std::vector<std::vector<std::byte>> frame_seeds();

}  // namespace windlass::fuzz
