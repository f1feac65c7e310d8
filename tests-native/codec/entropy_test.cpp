#include "codec/entropy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "codec/samples.hpp"

namespace windlass {
namespace {

TEST(EntropyTest, bytesThatAreAlikeHaveNone) {
  EXPECT_EQ(entropy_bits({}), 0);
  EXPECT_EQ(entropy_bits(std::vector<std::byte>(1000, std::byte{7})), 0);
}

TEST(EntropyTest, equallyFrequentBytesHaveTheLogarithmOfTheirNumber) {
  std::vector<std::byte> bytes(4096);
  for (const unsigned values : {2U, 16U, 256U}) {
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % values);
    EXPECT_NEAR(entropy_bits(bytes), std::log2(values), 1e-9);
  }
}

TEST(EntropyTest, noiseHasNearlyEight) {
  EXPECT_GT(entropy_bits(test::make_sample(test::Sample::kRandom, 65536, 1)), 7.99);
}

}  // namespace
}  // namespace windlass
