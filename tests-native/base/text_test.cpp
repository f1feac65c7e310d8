#include "base/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>

#include "base/bytes.hpp"

namespace windlass {
namespace {

TEST(TextTest, piecesArePutTogetherInOrder) {
  EXPECT_EQ(text("region of ", 3, " bytes", '.', std::string("x"), uint64_t{7}, -1), "region of 3 bytes.x7-1");
  EXPECT_EQ(text(), "");
}

TEST(TextTest, byteCountsReadAsPeopleWriteThem) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(17), "17 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(kKiB), "1 KiB");
  EXPECT_EQ(bytes_text(kKiB + kKiB / 2), "1.5 KiB");
  EXPECT_EQ(bytes_text(512 * kMiB), "512 MiB");
  EXPECT_EQ(bytes_text(3 * kGiB / 2), "1.5 GiB");
  EXPECT_EQ(bytes_text(kGiB + 1), "1 GiB");
  EXPECT_EQ(bytes_text(2 * kGiB - 1), "1.9 GiB");
}

TEST(TextTest, theLargestByteCountHasAText) {
  const std::string largest = bytes_text(std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(largest, "16777215.9 TiB");
}

TEST(TextTest, hexNumbersHaveTheirPrefix) {
  EXPECT_EQ(hex_text(0), "0x0");
  EXPECT_EQ(hex_text(0x7f0012345000), "0x7f0012345000");
  EXPECT_EQ(hex_text(std::numeric_limits<uint64_t>::max()), "0xffffffffffffffff");
}

TEST(TextTest, anErrnoIsToldInWordsAndByNumber) { EXPECT_EQ(errno_text(ENOMEM), "Cannot allocate memory (errno 12)"); }

TEST(TextTest, aFieldIsFilledAndTheRestIsZero) {
  std::array<char, 8> field{};
  field.fill('x');
  copy_text(field, "abc");
  EXPECT_EQ(std::string(field.data(), field.size()), std::string("abc\0\0\0\0\0", 8));
}

TEST(TextTest, aTextThatIsTooLongIsCutAndTerminated) {
  std::array<char, 4> field{};
  copy_text(field, "abcdef");
  EXPECT_STREQ(field.data(), "abc");
  copy_text(field, "abc");
  EXPECT_STREQ(field.data(), "abc");
}

TEST(TextTest, aCutNeverSplitsACharacter) {
  std::array<char, 6> field{};
  copy_text(field, "abcdé");  // five bytes before the last of é: it does not fit whole
  EXPECT_STREQ(field.data(), "abcd");
  copy_text(field, "abcé");
  EXPECT_STREQ(field.data(), "abcé");
  copy_text(field, "a\xF0\x9F\x98\x80\x80");
  EXPECT_STREQ(field.data(), "a") << "a four-byte character and more after it";
}

TEST(TextTest, anEmptyFieldIsLeftAlone) {
  copy_text(std::span<char>(), "abc");
  std::array<char, 1> field = {'x'};
  copy_text(field, "abc");
  EXPECT_EQ(field[0], '\0');
}

}  // namespace
}  // namespace windlass
