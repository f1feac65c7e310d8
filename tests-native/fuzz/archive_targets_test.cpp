// What the fuzzer does, briefly and always the same: well-formed parts of archives, changed by chance.
#include "fuzz/archive_targets.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace windlass {
namespace {

TEST(ArchiveTargetsTest, wellFormedPartsHoldToTheirInvariants) {
  EXPECT_EQ(fuzz::archive_seeds().size(), 5U);
  for (const std::vector<std::byte>& seed : fuzz::archive_seeds()) EXPECT_TRUE(fuzz::feed_archive(seed));
}

TEST(ArchiveTargetsTest, changedPartsHarmNothing) {
  const std::vector<std::vector<std::byte>> seeds = fuzz::archive_seeds();
  std::mt19937_64 random(21);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes = seeds[random() % seeds.size()];
    for (uint64_t changes = 1 + random() % 3; changes != 0; --changes) {
      const size_t at = random() % bytes.size();
      // Numbers that parsers fear, over eight bytes; or one byte.
      const uint64_t length = random() % 2 == 0 ? 1 : 8;
      const auto value = static_cast<std::byte>(random() % 3 == 0 ? 0xFF : random());
      for (size_t byte = at; byte < std::min<size_t>(bytes.size(), at + length); ++byte) bytes[byte] = value;
    }
    if (random() % 5 == 0) bytes.resize(1 + random() % bytes.size());
    ASSERT_TRUE(fuzz::feed_archive(bytes)) << "round " << round;
  }
}

}  // namespace
}  // namespace windlass
