#include "codec/zstd_coder.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "codec/samples.hpp"

namespace windlass {
namespace {

TEST(ZstdCoderTest, oneEncoderServesBothUsesInTurn) {
  // Goal: the memory that is taken once is enough for either use, at any size, in any order.
  ZstdEncoder encoder;
  ZstdDecoder decoder;
  for (const size_t bytes : {size_t{1}, size_t{1000}, size_t{131072}, size_t{1} << 20U, (size_t{8} << 20U) + 7}) {
    for (const test::Sample sample : {test::Sample::kText, test::Sample::kZeros, test::Sample::kOddFloats}) {
      const std::vector<std::byte> source = test::make_sample(sample, bytes, bytes);
      for (const ZstdUse use : {ZstdUse::kAnyBytes, ZstdUse::kPlane, ZstdUse::kAnyBytes}) {
        std::vector<std::byte> encoded(bytes + 1000);
        const std::optional<size_t> made = encoder.encode(use, source, encoded);
        ASSERT_TRUE(made.has_value()) << bytes;
        std::vector<std::byte> back(bytes);
        ASSERT_TRUE(decoder.decode(std::span(encoded).first(*made), back)) << bytes;
        ASSERT_TRUE(back == source);
      }
    }
  }
}

TEST(ZstdCoderTest, aTargetThatIsTooSmallIsNoResultAndNoHarm) {
  ZstdEncoder encoder;
  const std::vector<std::byte> source = test::make_sample(test::Sample::kRandom, 100000, 1);
  std::vector<std::byte> encoded(99000);
  EXPECT_FALSE(encoder.encode(ZstdUse::kPlane, source, encoded).has_value());
  const std::vector<std::byte> zeros(100000);
  EXPECT_TRUE(encoder.encode(ZstdUse::kPlane, zeros, encoded).has_value());
}

TEST(ZstdCoderTest, whatDoesNotFillTheTargetExactlyIsRefused) {
  ZstdEncoder encoder;
  ZstdDecoder decoder;
  const std::vector<std::byte> source = test::make_sample(test::Sample::kText, 5000, 1);
  std::vector<std::byte> encoded(6000);
  encoded.resize(encoder.encode(ZstdUse::kAnyBytes, source, encoded).value());
  for (const size_t bytes : {size_t{4999}, size_t{5001}, size_t{0}}) {
    std::vector<std::byte> back(bytes);
    EXPECT_FALSE(decoder.decode(encoded, back)) << bytes;
  }
  std::vector<std::byte> back(5000);
  EXPECT_TRUE(decoder.decode(encoded, back)) << "it is as good as before";
}

}  // namespace
}  // namespace windlass
