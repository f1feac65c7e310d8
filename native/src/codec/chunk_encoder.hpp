// Compresses chunks, each on its own, by a given method or the one that suits them.
//
// It looks at a sample first. What a method would shrink by less than 3 % is stored raw, so that a chunk never becomes
// larger, but for its header, and restoring what gains nothing costs nothing. Where it chooses the method, it keeps to
// its choice from chunk to chunk for as long as that does well.
//
// All memory is taken when an encoder is made. Threads: one at a time for each encoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/chunk_format.hpp"
#include "codec/zstd_coder.hpp"

namespace windlass {

class ChunkEncoder {
 public:
  // For chunks of at most so many bytes, which are at most kMostChunkBytes.
  explicit ChunkEncoder(uint64_t most_chunk_bytes);

  // Encodes a chunk into target, which has encoded_bound() of its size, and returns how many bytes that took. No method
  // given: chosen by what the chunk is like.
  uint64_t encode(std::optional<Method> method, std::span<const std::byte> raw, std::span<std::byte> target) noexcept;

  // What comes next has nothing to do with what came before.
  void forget_choice() noexcept { choice_.chunks_left = 0; }

  // To which part of its size a method would bring the chunk, judged by a sample: 1 and more is no gain.
  double estimate(Method method, std::span<const std::byte> raw) noexcept;

 private:
  struct Choice {
    Method method = Method::kRaw;
    double ratio = 1;          // what it brought when it was made
    uint32_t chunks_left = 0;  // until it is made anew
  };

  void take_sample(std::span<const std::byte> raw) noexcept;
  double estimate_sample(Method method) noexcept;
  double estimate_planes(Method method) noexcept;
  Method choose() noexcept;
  uint64_t encode_chosen(std::span<const std::byte> raw, std::span<std::byte> target) noexcept;
  uint64_t encode_as(Method method, std::span<const std::byte> raw, std::span<std::byte> target) noexcept;
  std::optional<uint64_t> encode_lz4(std::span<const std::byte> raw, std::span<std::byte> target) noexcept;
  std::optional<uint64_t> encode_zstd(std::span<const std::byte> raw, std::span<std::byte> target) noexcept;
  uint64_t encode_planes(Method method, std::span<const std::byte> raw, std::span<std::byte> target) noexcept;

  ZstdEncoder zstd_;
  std::vector<std::byte> lz4_state_;
  std::vector<std::byte> planes_;  // as large as a chunk
  std::vector<std::byte> sample_;
  std::vector<std::byte> sample_out_;
  size_t sample_bytes_ = 0;
  Choice choice_;
};

}  // namespace windlass
