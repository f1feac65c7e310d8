#include "codec/chunk_decoder.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "codec/chunk_encoder.hpp"
#include "codec/samples.hpp"

namespace windlass {
namespace {

using Bytes = std::vector<std::byte>;

constexpr uint64_t kChunkBytes = 64 * kKiB;

// A sample that each method shrinks.
struct Case {
  Method method;
  test::Sample sample;
};
constexpr Case kCases[] = {{Method::kRaw, test::Sample::kRandom},    {Method::kLz4, test::Sample::kText},
                           {Method::kZstd, test::Sample::kText},     {Method::kFloat16, test::Sample::kBf16},
                           {Method::kFloat16, test::Sample::kFp16},  {Method::kFloat32, test::Sample::kFp32},
                           {Method::kFloat16, test::Sample::kZeros}, {Method::kFloat32, test::Sample::kOddFloats}};

Bytes encoded_of(const Case& each, size_t bytes) {
  ChunkEncoder encoder(kChunkBytes);
  const Bytes raw = test::make_sample(each.sample, bytes, 3);
  Bytes encoded(encoded_bound(bytes));
  encoded.resize(encoder.encode(each.method, raw, encoded));
  EXPECT_EQ(read_header(encoded).value().method, each.method);
  return encoded;
}

TEST(ChunkDecoderTest, whateverIsDoneToAChunkNothingIsTouchedOutside) {
  // Goal: hostile input is harmless. Method: change bytes at random, more often in the header, and the length; both
  // sides lie in allocations of their exact sizes, whose borders the address sanitizer watches.
  std::mt19937_64 random(11);
  ChunkDecoder decoder(kChunkBytes);
  uint64_t refused = 0;
  for (const Case& each : kCases) {
    const size_t raw_bytes = 9999;
    const Bytes good = encoded_of(each, raw_bytes);
    for (int round = 0; round < 2000; ++round) {
      Bytes bad = good;
      for (uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
        const size_t range = random() % 2 == 0 ? kChunkHeaderBytes : bad.size();
        bad[random() % range] = static_cast<std::byte>(random());
      }
      if (random() % 4 == 0) bad.resize(random() % (good.size() + 8));
      bad.shrink_to_fit();
      Bytes target(random() % 8 == 0 ? random() % (2 * raw_bytes) : raw_bytes);
      const Status decoded = decoder.decode(bad, target);
      if (!decoded.ok()) {
        ++refused;
        ASSERT_EQ(decoded.code(), Code::kCorrupt);
      }
    }
    Bytes target(raw_bytes);
    ASSERT_TRUE(decoder.decode(good, target).ok()) << "what it was given before left no trace";
    ASSERT_TRUE(target == test::make_sample(each.sample, raw_bytes, 3));
  }
  EXPECT_GT(refused, 8000U);
}

TEST(ChunkDecoderTest, noiseBehindATrueHeaderIsHarmless) {
  std::mt19937_64 random(12);
  ChunkDecoder decoder(kChunkBytes);
  for (const Case& each : kCases) {
    const Bytes good = encoded_of(each, 5000);
    for (int round = 0; round < 200; ++round) {
      Bytes bad = test::make_sample(test::Sample::kRandom, good.size(), random());
      std::copy_n(good.begin(), kChunkHeaderBytes, bad.begin());
      Bytes target(5000);
      const Status decoded = decoder.decode(bad, target);
      if (!decoded.ok()) {
        ASSERT_EQ(decoded.code(), Code::kCorrupt);
      }
    }
  }
}

TEST(ChunkDecoderTest, aChunkOfAnotherSizeThanWantedIsCorruptAndSaysSo) {
  ChunkDecoder decoder(kChunkBytes);
  const Bytes encoded = encoded_of(kCases[3], 5000);
  Bytes target(5001);
  const Status decoded = decoder.decode(encoded, target);
  EXPECT_EQ(decoded.code(), Code::kCorrupt);
  EXPECT_NE(decoded.message().find("5000 bytes"), std::string_view::npos) << decoded.message();
}

TEST(ChunkDecoderTest, aChunkThatIsLargerThanTheDecoderIsForIsRefused) {
  ChunkDecoder decoder(4 * kKiB);
  Bytes target(5000);
  EXPECT_EQ(decoder.decode(encoded_of(kCases[3], 5000), target).code(), Code::kCorrupt);
}

}  // namespace
}  // namespace windlass
