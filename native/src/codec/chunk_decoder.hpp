// Brings back the chunks that a ChunkEncoder made.
//
// What it is given may be damaged, or made to harm: it reads nothing outside the encoded bytes and writes nothing
// outside the target. Whether the bytes are the right ones it cannot tell; whoever must know keeps their hash.
//
// All memory is taken when a decoder is made. Threads: one at a time for each decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.hpp"
#include "codec/chunk_format.hpp"
#include "codec/zstd_coder.hpp"

namespace windlass {

class ChunkDecoder {
 public:
  // For chunks of at most so many bytes, which are at most kMostChunkBytes.
  explicit ChunkDecoder(uint64_t most_chunk_bytes);

  // Fills target, whose size is that of the chunk before it was encoded. After an error its content is undefined.
  // Errors: kCorrupt.
  Status decode(std::span<const std::byte> encoded, std::span<std::byte> target);

 private:
  bool decode_parts(const ChunkHeader& header, std::span<const std::byte> parts, std::span<std::byte> target) noexcept;
  bool decode_planes(const ChunkHeader& header, std::span<const std::byte> parts, std::span<std::byte> target) noexcept;

  ZstdDecoder zstd_;
  std::vector<std::byte> planes_;
};

}  // namespace windlass
