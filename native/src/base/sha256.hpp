// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), for proving that one knows a secret. Not for large amounts: nothing
// here is fast.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace windlass {

using Digest = std::array<std::byte, 32>;

// Takes bytes piece by piece. After finish() it is spent.
class Sha256 {
 public:
  void add(std::span<const std::byte> bytes) noexcept;
  void add(std::string_view text) noexcept { add(std::as_bytes(std::span(text))); }
  Digest finish() noexcept;

 private:
  void take_block(const std::byte* block) noexcept;

  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> block_{};
  size_t block_bytes_ = 0;
  uint64_t total_bytes_ = 0;
};

// The same with a key, of any length.
class HmacSha256 {
 public:
  explicit HmacSha256(std::span<const std::byte> key) noexcept;
  void add(std::span<const std::byte> bytes) noexcept { inner_.add(bytes); }
  void add(std::string_view text) noexcept { inner_.add(text); }
  Digest finish() noexcept;

 private:
  Sha256 inner_;
  Sha256 outer_;
};

// Whether they are the same, in a time that does not tell where they differ. Their lengths are no secret.
bool equal_in_constant_time(std::span<const std::byte> one, std::span<const std::byte> other) noexcept;

}  // namespace windlass
