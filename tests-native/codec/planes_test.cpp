#include "codec/planes.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "codec/samples.hpp"

namespace windlass {
namespace {

using Bytes = std::vector<std::byte>;

template <typename Number>
Number number_at(const Bytes& bytes, size_t index) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
  return number;
}

// Every count around the vectors' widths, and one that is long.
std::vector<size_t> counts() {
  std::vector<size_t> all(70);
  for (size_t count = 0; count < all.size(); ++count) all[count] = count;
  all.push_back(10007);
  return all;
}

TEST(PlanesTest, aPlaneHoldsOneByteOfEveryTurnedNumber) {
  for (const size_t count : counts()) {
    const Bytes source = test::make_sample(test::Sample::kRandom, 2 * count, 1);
    Bytes low(count);
    Bytes high(count);
    split2({low.data(), high.data()}, source.data(), count);
    for (size_t i = 0; i < count; ++i) {
      const uint16_t turned = std::rotl(number_at<uint16_t>(source, i), 1);
      ASSERT_EQ(std::to_integer<unsigned>(low[i]), turned & 0xFFU) << i << " of " << count;
      ASSERT_EQ(std::to_integer<unsigned>(high[i]), turned >> 8U) << i << " of " << count;
    }
  }
}

TEST(PlanesTest, fourPlanesHoldTheBytesOfTurnedNumbers) {
  for (const size_t count : counts()) {
    const Bytes source = test::make_sample(test::Sample::kRandom, 4 * count, 2);
    Bytes planes(4 * count);
    std::byte* const start = planes.data();
    split4({start, start + count, start + 2 * count, start + 3 * count}, source.data(), count);
    for (size_t i = 0; i < count; ++i) {
      const uint32_t turned = std::rotl(number_at<uint32_t>(source, i), 1);
      for (size_t plane = 0; plane < 4; ++plane) {
        ASSERT_EQ(std::to_integer<unsigned>(planes[plane * count + i]), turned >> (8 * plane) & 0xFFU);
      }
    }
  }
}

TEST(PlanesTest, whatWasSplitIsMergedAtAnyAlignment) {
  for (const size_t count : counts()) {
    const size_t off = count % 5;
    const Bytes source = test::make_sample(test::Sample::kRandom, off + 4 * count, 3);
    Bytes planes(off + 4 * count);
    Bytes back(off + 4 * count);
    std::byte* const start = planes.data() + off;
    split2({start, start + count}, source.data() + off, count);
    merge2(back.data() + off, {start, start + count}, count);
    ASSERT_TRUE(std::equal(back.begin() + static_cast<std::ptrdiff_t>(off),
                           back.begin() + static_cast<std::ptrdiff_t>(off + 2 * count),
                           source.begin() + static_cast<std::ptrdiff_t>(off)));
    split4({start, start + count, start + 2 * count, start + 3 * count}, source.data() + off, count);
    merge4(back.data() + off, {start, start + count, start + 2 * count, start + 3 * count}, count);
    ASSERT_TRUE(std::equal(back.begin() + static_cast<std::ptrdiff_t>(off), back.end(),
                           source.begin() + static_cast<std::ptrdiff_t>(off)));
  }
}

}  // namespace
}  // namespace windlass
