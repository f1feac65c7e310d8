#include "transport/wire.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

TEST(WireTest, whatIsEncodedIsDecodedAgain) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u8(0xFE);
  out.u16(0xFEDC);
  out.u32(0xFEDCBA98);
  out.u64(0xFEDCBA9876543210);
  out.i32(-5);
  out.i64(INT64_MIN);
  out.boolean(true);
  out.string("a string");
  out.string("");
  const size_t later = out.position();
  out.u32(0);
  out.set_u32(later, 77);

  const test::AllocationCount allocations;
  Decoder in(bytes);
  EXPECT_EQ(in.u8(), 0xFE);
  EXPECT_EQ(in.u16(), 0xFEDC);
  EXPECT_EQ(in.u32(), 0xFEDCBA98);
  EXPECT_EQ(in.u64(), 0xFEDCBA9876543210);
  EXPECT_EQ(in.i32(), -5);
  EXPECT_EQ(in.i64(), INT64_MIN);
  EXPECT_TRUE(in.boolean());
  EXPECT_EQ(in.string(8), "a string");
  EXPECT_EQ(in.string(0), "");
  EXPECT_EQ(in.u32(), 77U);
  EXPECT_TRUE(in.finished());
  EXPECT_EQ(allocations.value(), 0U);
}

TEST(WireTest, numbersAreLittleEndian) {
  std::vector<std::byte> bytes;
  Encoder(bytes).u32(0x04030201);
  EXPECT_EQ(bytes, (std::vector<std::byte>{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}));
}

TEST(WireTest, whatEndsEarlyIsAFaultAndEverythingBehindItIsZero) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u64(7);
  out.string("text");
  for (size_t length = 0; length < bytes.size(); ++length) {
    Decoder in(std::span<const std::byte>(bytes).first(length));
    const uint64_t number = in.u64();
    const std::string_view text = in.string(100);
    EXPECT_FALSE(in.ok()) << length;
    EXPECT_EQ(number, length >= 8 ? 7U : 0U);
    EXPECT_EQ(text, "");
    EXPECT_EQ(in.u64(), 0U);
    EXPECT_EQ(in.u8(), 0U);
    EXPECT_FALSE(in.finished());
  }
}

TEST(WireTest, lengthsAndCountsBeyondTheirLimitsAreFaults) {
  std::vector<std::byte> bytes;
  Encoder(bytes).string("12345");
  EXPECT_EQ(Decoder(bytes).string(5), "12345");
  Decoder longer(bytes);
  EXPECT_EQ(longer.string(4), "");
  EXPECT_FALSE(longer.ok());

  std::vector<std::byte> counted;
  Encoder out(counted);
  out.u32(3);
  out.raw(std::vector<std::byte>(24));
  EXPECT_EQ(Decoder(counted).count(3, 8), 3U);
  Decoder many(counted);
  EXPECT_EQ(many.count(2, 8), 0U);
  EXPECT_FALSE(many.ok());
  Decoder promised(counted);
  EXPECT_EQ(promised.count(1000, 9), 0U);
  EXPECT_FALSE(promised.ok());
}

TEST(WireTest, aBooleanIsZeroOrOne) {
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{1}, std::byte{2}};
  Decoder in(bytes);
  EXPECT_FALSE(in.boolean());
  EXPECT_TRUE(in.boolean());
  EXPECT_TRUE(in.ok());
  EXPECT_FALSE(in.boolean());
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace windlass
