// The portable copy kernel: plain C++, for any processor.

#include "memory/xxh3_core.hpp"

namespace windlass {
namespace {

using xxh3::Lanes;
using xxh3::Store;

void take_in(Lanes& lanes, const std::byte* source, const uint8_t* secret) noexcept {
  for (size_t i = 0; i < xxh3::kLaneCount; ++i) {
    const uint64_t word = xxh3::read_word(source + 8 * i);
    const uint64_t key = word ^ xxh3::read_word(secret + 8 * i);
    lanes.lane[i ^ 1] += word;
    lanes.lane[i] += (key & 0xFFFFFFFF) * (key >> 32);
  }
}

void scramble(Lanes& lanes) noexcept {
  for (size_t i = 0; i < xxh3::kLaneCount; ++i) {
    const uint64_t lane = lanes.lane[i] ^ (lanes.lane[i] >> 47);
    lanes.lane[i] = (lane ^ xxh3::read_word(xxh3::kSecret + xxh3::kScrambleSecret + 8 * i)) * xxh3::kPrime32First;
  }
}

struct PortableEngine {
  static constexpr bool kStreams = false;

  template <Store kStore>
  static void stripes(Lanes& lanes, std::byte* target, const std::byte* source, size_t count) noexcept {
    Lanes local = lanes;
    for (size_t i = 0; i < count; ++i) {
      const size_t offset = i * xxh3::kStripeBytes;
      if constexpr (kStore == Store::kPlain) std::memcpy(target + offset, source + offset, xxh3::kStripeBytes);
      take_in(local, source + offset, xxh3::kSecret + i * xxh3::kSecretStepBytes);
    }
    lanes = local;
  }

  template <Store kStore>
  static void blocks(Lanes& lanes, std::byte* target, const std::byte* source, size_t count, size_t) noexcept {
    for (size_t i = 0; i < count; ++i) {
      const size_t offset = i * xxh3::kBlockBytes;
      stripes<kStore>(lanes, xxh3::target_at<kStore>(target, offset), source + offset, xxh3::kStripesPerBlock);
      scramble(lanes);
    }
  }

  static void last_stripe(Lanes& lanes, const std::byte* source) noexcept {
    take_in(lanes, source, xxh3::kSecret + xxh3::kLastStripeSecret);
  }

  static void fence() noexcept {}
};

void copy_plain(void* target, const void* source, size_t bytes) noexcept {
  if (bytes != 0) std::memcpy(target, source, bytes);
}

}  // namespace

constinit const CopyKernel kPortableCopyKernel = {.name = "portable",
                                                  .copy = copy_plain,
                                                  .copy_hashed = xxh3::copy_hashed_with<PortableEngine>,
                                                  .hash = xxh3::hash_with<PortableEngine>};

}  // namespace windlass
