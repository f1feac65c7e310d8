#include "base/sha256.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace windlass {
namespace {

std::string hex(const Digest& digest) {
  std::string out;
  for (const std::byte part : digest) {
    constexpr const char* kDigits = "0123456789abcdef";
    out += kDigits[std::to_integer<unsigned>(part) >> 4U];
    out += kDigits[std::to_integer<unsigned>(part) & 15U];
  }
  return out;
}

std::string sha256(std::string_view text) {
  Sha256 hash;
  hash.add(text);
  return hex(hash.finish());
}

std::string hmac(const std::string& key, std::string_view text) {
  HmacSha256 hash(std::as_bytes(std::span(key)));
  hash.add(text);
  return hex(hash.finish());
}

TEST(Sha256Test, publishedVectorsAreMet) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, piecesOfAnyLengthGiveTheSameDigestAsTheWhole) {
  std::string text;
  for (int at = 0; at < 300; ++at) text += static_cast<char>(at * 7);
  for (size_t length = 0; length < text.size(); ++length) {
    const std::string whole = sha256(std::string_view(text).substr(0, length));
    for (const size_t piece : {size_t{1}, size_t{63}, size_t{64}, size_t{65}}) {
      Sha256 hash;
      for (size_t at = 0; at < length; at += piece) {
        hash.add(std::string_view(text).substr(at, std::min(piece, length - at)));
      }
      ASSERT_EQ(hex(hash.finish()), whole) << length << " in pieces of " << piece;
    }
  }
}

TEST(Sha256Test, allKernelsGiveTheSameDigestAtEveryLength) {
  ASSERT_FALSE(sha256_kernels().empty());
  EXPECT_EQ(sha256_kernels().back().name, "portable");
  std::string text;
  for (int at = 0; at < 1000; ++at) text += static_cast<char>(at * 31 + at / 256);
  for (const Sha256Kernel& kernel : sha256_kernels()) {
    SCOPED_TRACE(std::string(kernel.name));
    for (size_t length = 0; length < text.size(); ++length) {
      Sha256 hash(kernel);
      hash.add(std::string_view(text).substr(0, length / 3));
      hash.add(std::string_view(text).substr(length / 3, length - length / 3));
      Sha256 portable(sha256_kernels().back());
      portable.add(std::string_view(text).substr(0, length));
      ASSERT_EQ(hex(hash.finish()), hex(portable.finish())) << length;
    }
    Sha256 hash(kernel);
    hash.add(std::string(1000000, 'a'));
    EXPECT_EQ(hex(hash.finish()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

// RFC 4231.
TEST(HmacSha256Test, publishedVectorsAreMet) {
  EXPECT_EQ(hmac(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac(std::string(20, '\xaa'), std::string(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      hmac(std::string(131, '\xaa'),
           "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
           "be hashed before being used by the HMAC algorithm."),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(ConstantTimeTest, onlyTheSameBytesAreEqual) {
  std::vector<std::byte> one(32, std::byte{5});
  std::vector<std::byte> other = one;
  EXPECT_TRUE(equal_in_constant_time(one, other));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  for (size_t at = 0; at < one.size(); ++at) {
    other = one;
    other[at] ^= std::byte{0x80};
    EXPECT_FALSE(equal_in_constant_time(one, other)) << at;
  }
  other = one;
  other.pop_back();
  EXPECT_FALSE(equal_in_constant_time(one, other));
}

}  // namespace
}  // namespace windlass
