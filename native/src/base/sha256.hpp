// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), for proving that one knows a secret, and that bytes are those that
// somebody vouches for. The processor's instructions for it are used where it has them; all kernels give the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace windlass {

using Digest = std::array<std::byte, 32>;
using Sha256State = std::array<uint32_t, 8>;

// One implementation, for tests and benchmarks that want a certain one.
struct Sha256Kernel {
  std::string_view name;  // "sha-ni", "portable"
  void (*take_blocks)(Sha256State& state, const std::byte* blocks, size_t count) noexcept;
};

// The kernels that this processor can run, the one in use first, the portable one last.
const std::vector<Sha256Kernel>& sha256_kernels();

// Takes bytes piece by piece. After finish() it is spent.
class Sha256 {
 public:
  Sha256() noexcept;
  explicit Sha256(const Sha256Kernel& kernel) noexcept : take_blocks_(kernel.take_blocks) {}

  void add(std::span<const std::byte> bytes) noexcept;
  void add(std::string_view text) noexcept { add(std::as_bytes(std::span(text))); }
  Digest finish() noexcept;

 private:
  void (*take_blocks_)(Sha256State& state, const std::byte* blocks, size_t count) noexcept;
  Sha256State state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
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

#if defined(__x86_64__)
// For the list of kernels: the one with the processor's instructions, and whether this one has them.
extern const Sha256Kernel kShaNiKernel;
bool has_sha_ni() noexcept;
#endif

// Whether they are the same, in a time that does not tell where they differ. Their lengths are no secret.
bool equal_in_constant_time(std::span<const std::byte> one, std::span<const std::byte> other) noexcept;

}  // namespace windlass
