// What the fuzzer does, briefly and always the same: well-formed frames, changed by chance.
#include "fuzz/frame_targets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "wire/golden.hpp"

namespace windlass {
namespace {

void mutate(std::vector<std::byte>& bytes, std::mt19937_64& random) {
  const auto any = [&](size_t count) { return static_cast<std::ptrdiff_t>(random() % count); };
  switch (random() % 6) {
    case 0:
      if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      break;
    case 1:
      if (!bytes.empty()) bytes[random() % bytes.size()] ^= static_cast<std::byte>(1U << (random() % 8));
      break;
    case 2:
      bytes.resize(random() % (bytes.size() + 1));
      break;
    case 3:
      bytes.insert(bytes.begin() + any(bytes.size() + 1), random() % 40, static_cast<std::byte>(random()));
      break;
    case 4: {
      // Numbers that parsers fear.
      constexpr std::array<uint8_t, 4> kFeared{0x00, 0x7F, 0x80, 0xFF};
      const size_t at = random() % (bytes.size() + 1);
      for (size_t byte = at; byte < std::min(bytes.size(), at + 8); ++byte) {
        bytes[byte] = static_cast<std::byte>(kFeared[random() % kFeared.size()]);
      }
      break;
    }
    default: {
      const std::vector<std::byte> copy = bytes;
      bytes.insert(bytes.end(), copy.begin(), copy.begin() + any(copy.size() + 1));
      break;
    }
  }
}

TEST(FrameTargetsTest, wellFormedFramesHoldToTheirInvariants) {
  for (const std::vector<std::byte>& seed : fuzz::frame_seeds()) {
    EXPECT_TRUE(fuzz::feed_frames(seed)) << test::hex_of(seed);
  }
}

TEST(FrameTargetsTest, changedFramesHarmNothing) {
  const std::vector<std::vector<std::byte>> seeds = fuzz::frame_seeds();
  std::mt19937_64 random(20);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes = seeds[random() % seeds.size()];
    for (uint64_t changes = 1 + random() % 4; changes != 0; --changes) mutate(bytes, random);
    ASSERT_TRUE(fuzz::feed_frames(bytes)) << "round " << round << ": " << test::hex_of(bytes);
  }
}

}  // namespace
}  // namespace windlass
