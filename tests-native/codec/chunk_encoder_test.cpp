#include "codec/chunk_encoder.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "codec/chunk_decoder.hpp"
#include "codec/entropy.hpp"
#include "codec/planes.hpp"
#include "codec/samples.hpp"

namespace windlass {
namespace {

using Bytes = std::vector<std::byte>;

constexpr uint64_t kSampleBytes = kMiB;

const std::vector<std::optional<Method>> kMethods = {std::nullopt,  Method::kRaw,     Method::kLz4,
                                                     Method::kZstd, Method::kFloat16, Method::kFloat32};

struct Codec {
  ChunkEncoder encoder{kSampleBytes};
  ChunkDecoder decoder{kSampleBytes};

  Bytes encode(std::optional<Method> method, std::span<const std::byte> raw) {
    Bytes encoded(encoded_bound(raw.size()));
    encoded.resize(encoder.encode(method, raw, encoded));
    return encoded;
  }
};

Method method_of(const Bytes& encoded) { return read_header(encoded).value().method; }

// What no coder can beat that codes the exponents by their frequency and stores the rest.
double bf16_floor_bytes(const Bytes& raw) {
  const size_t count = raw.size() / 2;
  Bytes low(count);
  Bytes exponents(count);
  split2({low.data(), exponents.data()}, raw.data(), count);
  return static_cast<double>(count) * (1 + entropy_bits(exponents) / 8);
}

class ChunkEncoderTest : public testing::TestWithParam<test::Sample> {};

TEST_P(ChunkEncoderTest, everyMethodBringsBackEverySize) {
  Codec codec;
  for (const size_t bytes :
       {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{5}, size_t{15}, size_t{31}, size_t{33}, size_t{64},
        size_t{1001}, size_t{4096}, size_t{65535}, size_t{65536}, size_t{262147}, size_t{kSampleBytes}}) {
    const Bytes raw = test::make_sample(GetParam(), bytes, bytes);
    for (const std::optional<Method> method : kMethods) {
      const Bytes encoded = codec.encode(method, raw);
      ASSERT_LE(encoded.size(), encoded_bound(bytes));
      Bytes back(bytes);
      const Status decoded = codec.decoder.decode(encoded, back);
      ASSERT_TRUE(decoded.ok()) << decoded.to_string() << " with " << bytes;
      ASSERT_TRUE(back == raw) << bytes << " bytes by " << (method ? method_name(*method) : "choice");
    }
  }
}

TEST_P(ChunkEncoderTest, aChunkAtAnOddAddressIsTheSame) {
  Codec codec;
  const Bytes raw = test::make_sample(GetParam(), 100001, 9);
  for (const std::optional<Method> method : kMethods) {
    Bytes shifted(raw.size() + 1);
    Bytes encoded(encoded_bound(raw.size()) + 1);
    std::copy(raw.begin(), raw.end(), shifted.begin() + 1);
    const uint64_t made = codec.encoder.encode(method, std::span(shifted).subspan(1), std::span(encoded).subspan(1));
    Bytes back(raw.size() + 1);
    ASSERT_TRUE(codec.decoder.decode(std::span(encoded).subspan(1, made), std::span(back).subspan(1)).ok());
    ASSERT_TRUE(std::equal(raw.begin(), raw.end(), back.begin() + 1));
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, ChunkEncoderTest, testing::ValuesIn(test::kAllSamples),
                         [](const auto& param) { return std::string(test::sample_name(param.param)); });

TEST(ChunkEncoderChoiceTest, weightsGoByTheirPlanesTextByZstdAndNoiseRaw) {
  Codec codec;
  const auto chosen = [&](test::Sample sample) {
    codec.encoder.forget_choice();
    return method_of(codec.encode(std::nullopt, test::make_sample(sample, kSampleBytes, 4)));
  };
  EXPECT_EQ(chosen(test::Sample::kBf16), Method::kFloat16);
  EXPECT_EQ(chosen(test::Sample::kFp16), Method::kFloat16);
  EXPECT_EQ(chosen(test::Sample::kFp32), Method::kFloat32);
  EXPECT_EQ(chosen(test::Sample::kText), Method::kZstd);
  EXPECT_EQ(chosen(test::Sample::kRandom), Method::kRaw);
}

TEST(ChunkEncoderChoiceTest, bf16WeightsComeWithinTwoPercentOfTheirFloor) {
  Codec codec;
  const Bytes raw = test::make_sample(test::Sample::kBf16, kSampleBytes, 5);
  for (const std::optional<Method> method : {std::optional<Method>(), std::optional(Method::kFloat16)}) {
    EXPECT_LE(static_cast<double>(codec.encode(method, raw).size()), 1.02 * bf16_floor_bytes(raw));
  }
}

TEST(ChunkEncoderChoiceTest, aWidenedFloatLosesThePlanesThatHoldNothing) {
  // Numbers of 16 bits in 32: two planes are zero, which no sample of the bytes as they lie would tell so well.
  Codec codec;
  const Bytes narrow = test::make_sample(test::Sample::kBf16, kSampleBytes / 2, 6);
  Bytes wide(kSampleBytes);
  for (size_t i = 0; i < narrow.size() / 2; ++i) {
    wide[4 * i + 2] = narrow[2 * i];
    wide[4 * i + 3] = narrow[2 * i + 1];
  }
  EXPECT_LT(codec.encode(std::nullopt, wide).size(), 4 * kSampleBytes / 10);
}

TEST(ChunkEncoderChoiceTest, zerosAreNextToNothingByWhateverWasChosenBefore) {
  Codec codec;
  const Bytes zeros(kSampleBytes);
  for (const test::Sample before : {test::Sample::kBf16, test::Sample::kFp32, test::Sample::kText}) {
    codec.encoder.forget_choice();
    (void)codec.encode(std::nullopt, test::make_sample(before, kSampleBytes, 7));
    EXPECT_LT(codec.encode(std::nullopt, zeros).size(), kSampleBytes / 100) << test::sample_name(before);
  }
}

TEST(ChunkEncoderChoiceTest, aChoiceThatNoLongerDoesWellIsMadeAnew) {
  Codec codec;
  const Bytes weights = test::make_sample(test::Sample::kBf16, kSampleBytes, 8);
  const Bytes prose = test::make_sample(test::Sample::kText, kSampleBytes, 8);
  ASSERT_EQ(method_of(codec.encode(std::nullopt, weights)), Method::kFloat16);
  ASSERT_EQ(method_of(codec.encode(std::nullopt, prose)), Method::kFloat16) << "the choice still holds";
  EXPECT_EQ(method_of(codec.encode(std::nullopt, test::make_sample(test::Sample::kFp32, kSampleBytes, 8))),
            Method::kFloat16)
      << "still, but it does little here";
  EXPECT_EQ(method_of(codec.encode(std::nullopt, prose)), Method::kZstd);
}

TEST(ChunkEncoderChoiceTest, whatHardlyShrinksIsStoredRawByEveryMethod) {
  Codec codec;
  const Bytes noise = test::make_sample(test::Sample::kRandom, kSampleBytes, 9);
  for (const std::optional<Method> method : kMethods) {
    const Bytes encoded = codec.encode(method, noise);
    EXPECT_EQ(method_of(encoded), Method::kRaw);
    EXPECT_EQ(encoded.size(), encoded_bound(kSampleBytes));
  }
}

TEST(ChunkEncoderChoiceTest, theEstimateIsNearWhatComesOut) {
  Codec codec;
  for (const test::Sample sample : {test::Sample::kBf16, test::Sample::kFp16, test::Sample::kFp32}) {
    const Bytes raw = test::make_sample(sample, kSampleBytes, 10);
    for (const Method method : {Method::kFloat16, Method::kFloat32, Method::kZstd}) {
      const double estimated = codec.encoder.estimate(method, raw);
      const double real = static_cast<double>(codec.encode(method, raw).size()) / kSampleBytes;
      EXPECT_NEAR(std::min(estimated, 1.0), real, 0.05) << method_name(method) << " on " << test::sample_name(sample);
    }
  }
}

}  // namespace
}  // namespace windlass
