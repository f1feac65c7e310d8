// The two ways zstd is used: for any bytes, and as the entropy coder of a plane.
//
// A plane is coded by how often each byte occurs, with hardly a look for repetitions: those that a plane of exponents
// has are chance, and cost more to find and to write down than they save.
//
// All memory is taken when a coder is made. Threads: one at a time for each coder.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace windlass {

enum class ZstdUse { kAnyBytes, kPlane };

class ZstdEncoder {
 public:
  ZstdEncoder();
  // Returns how many bytes of the target it took; nothing where they do not suffice.
  std::optional<size_t> encode(ZstdUse use, std::span<const std::byte> source, std::span<std::byte> target) noexcept;

 private:
  std::vector<std::byte> memory_;
  ZSTD_CCtx_s* context_ = nullptr;  // within memory_
  std::optional<ZstdUse> set_for_;
};

class ZstdDecoder {
 public:
  ZstdDecoder();
  // Returns whether the source is in order and fills the target exactly.
  bool decode(std::span<const std::byte> source, std::span<std::byte> target) noexcept;

 private:
  std::vector<std::byte> memory_;
  ZSTD_DCtx_s* context_ = nullptr;  // within memory_
};

}  // namespace windlass
