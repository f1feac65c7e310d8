#include "base/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace windlass {

namespace {

constexpr std::array<uint32_t, 64> kRoundConstants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t load_big_endian(const std::byte* from) noexcept {
  return (std::to_integer<uint32_t>(from[0]) << 24U) | (std::to_integer<uint32_t>(from[1]) << 16U) |
         (std::to_integer<uint32_t>(from[2]) << 8U) | std::to_integer<uint32_t>(from[3]);
}

void store_big_endian(std::byte* to, uint32_t number) noexcept {
  for (unsigned at = 0; at < 4; ++at) to[at] = static_cast<std::byte>(number >> (24U - 8U * at));
}

void take_block(Sha256State& state, const std::byte* block) noexcept {
  std::array<uint32_t, 64> words{};
  for (size_t at = 0; at < 16; ++at) words[at] = load_big_endian(block + 4 * at);
  for (size_t at = 16; at < 64; ++at) {
    const uint32_t early = words[at - 15];
    const uint32_t late = words[at - 2];
    words[at] = words[at - 16] + (std::rotr(early, 7) ^ std::rotr(early, 18) ^ (early >> 3U)) + words[at - 7] +
                (std::rotr(late, 17) ^ std::rotr(late, 19) ^ (late >> 10U));
  }
  // a to h of the standard.
  Sha256State v = state;
  for (size_t round = 0; round < 64; ++round) {
    const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
    const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    const uint32_t first = v[7] + (std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25)) + choice +
                           kRoundConstants[round] + words[round];
    const uint32_t second = (std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22)) + majority;
    v = {first + second, v[0], v[1], v[2], v[3] + first, v[4], v[5], v[6]};
  }
  for (size_t at = 0; at < 8; ++at) state[at] += v[at];
}

void take_blocks(Sha256State& state, const std::byte* blocks, size_t count) noexcept {
  for (size_t block = 0; block < count; ++block) take_block(state, blocks + 64 * block);
}

constexpr Sha256Kernel kPortableKernel{"portable", take_blocks};

}  // namespace

const std::vector<Sha256Kernel>& sha256_kernels() {
  static const std::vector<Sha256Kernel> kernels = [] {
    std::vector<Sha256Kernel> found;
#if defined(__x86_64__)
    if (has_sha_ni()) found.push_back(kShaNiKernel);
#endif
    found.push_back(kPortableKernel);
    return found;
  }();
  return kernels;
}

Sha256::Sha256() noexcept : take_blocks_(kPortableKernel.take_blocks) {
#if defined(__x86_64__)
  static const bool fast = has_sha_ni();
  if (fast) take_blocks_ = kShaNiKernel.take_blocks;
#endif
}

void Sha256::add(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) return;
  total_bytes_ += bytes.size();
  if (block_bytes_ != 0) {
    const size_t taken = std::min(bytes.size(), block_.size() - block_bytes_);
    std::memcpy(block_.data() + block_bytes_, bytes.data(), taken);
    block_bytes_ += taken;
    bytes = bytes.subspan(taken);
    if (block_bytes_ != block_.size()) return;
    take_blocks_(state_, block_.data(), 1);
    block_bytes_ = 0;
  }
  const size_t whole = bytes.size() / block_.size();
  if (whole != 0) take_blocks_(state_, bytes.data(), whole);
  bytes = bytes.subspan(whole * block_.size());
  if (!bytes.empty()) std::memcpy(block_.data(), bytes.data(), bytes.size());
  block_bytes_ = bytes.size();
}

Digest Sha256::finish() noexcept {
  constexpr size_t kLengthAt = 56;
  const uint64_t bits = total_bytes_ * 8;
  block_[block_bytes_++] = std::byte{0x80};
  if (block_bytes_ > kLengthAt) {
    std::fill(block_.begin() + static_cast<std::ptrdiff_t>(block_bytes_), block_.end(), std::byte{0});
    take_blocks_(state_, block_.data(), 1);
    block_bytes_ = 0;
  }
  std::fill(block_.begin() + static_cast<std::ptrdiff_t>(block_bytes_), block_.end(), std::byte{0});
  store_big_endian(block_.data() + kLengthAt, static_cast<uint32_t>(bits >> 32U));
  store_big_endian(block_.data() + kLengthAt + 4, static_cast<uint32_t>(bits));
  take_blocks_(state_, block_.data(), 1);
  Digest digest{};
  for (size_t at = 0; at < state_.size(); ++at) store_big_endian(digest.data() + 4 * at, state_[at]);
  return digest;
}

HmacSha256::HmacSha256(std::span<const std::byte> key) noexcept {
  std::array<std::byte, 64> padded{};
  if (key.size() > padded.size()) {
    Sha256 shortened;
    shortened.add(key);
    const Digest digest = shortened.finish();
    std::copy(digest.begin(), digest.end(), padded.begin());
  } else {
    std::copy(key.begin(), key.end(), padded.begin());
  }
  std::array<std::byte, 64> masked{};
  std::transform(padded.begin(), padded.end(), masked.begin(), [](std::byte part) { return part ^ std::byte{0x36}; });
  inner_.add(masked);
  std::transform(padded.begin(), padded.end(), masked.begin(), [](std::byte part) { return part ^ std::byte{0x5c}; });
  outer_.add(masked);
}

Digest HmacSha256::finish() noexcept {
  outer_.add(inner_.finish());
  return outer_.finish();
}

bool equal_in_constant_time(std::span<const std::byte> one, std::span<const std::byte> other) noexcept {
  if (one.size() != other.size()) return false;
  // volatile, so that no compiler ends the loop at the first difference.
  volatile uint8_t difference = 0;
  for (size_t at = 0; at < one.size(); ++at) {
    difference = static_cast<uint8_t>(difference | std::to_integer<uint8_t>(one[at] ^ other[at]));
  }
  return difference == 0;
}

}  // namespace windlass
