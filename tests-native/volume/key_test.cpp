#include "volume/key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "volume/entry.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

TEST(KeyTest, ordinaryKeysAreKeys) {
  for (const std::string& key : {std::string("a"), std::string("model/layers.0/weight with spaces"),
                                 std::string("größe/重み/🚀"), std::string(kMaxKeyBytes, 'k')}) {
    EXPECT_TRUE(check_key(key).ok()) << key;
  }
}

TEST(KeyTest, emptyAndOverlongKeysAndNulsAreRefused) {
  EXPECT_THAT(std::string(check_key("").message()), HasSubstr("empty"));
  EXPECT_THAT(std::string(check_key(std::string(kMaxKeyBytes + 1, 'k')).message()), HasSubstr("at most 4096"));
  EXPECT_THAT(std::string(check_key(std::string("ab\0c", 4)).message()), HasSubstr("NUL at byte 2"));
}

TEST(KeyTest, whatIsNotUtf8IsRefused) {
  const std::string bad[] = {"\x80",
                             "\xC0\xAF",
                             "\xC3",
                             "\xE0\x80\xAF",
                             "\xED\xA0\x80",
                             "\xE2\x82",
                             "\xF0\x80\x80\x80",
                             "\xF4\x90\x80\x80",
                             "\xF5\x80\x80\x80",
                             "\xFF"};
  for (const std::string& fault : bad) {
    EXPECT_FALSE(is_utf8(fault));
    EXPECT_FALSE(is_utf8("12345678" + fault + "12345678"));
    EXPECT_EQ(check_key("key" + fault).code(), Code::kInvalidArgument);
  }
  for (const char* good : {"\xC2\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good));
  }
}

TEST(KeyTest, messagesShowKeysThatCanBeShown) {
  EXPECT_EQ(key_text("a/b"), "\"a/b\"");
  EXPECT_EQ(key_text("a\n\x80ü"), "\"a??ü\"");
  EXPECT_LT(key_text(std::string(4096, 'k')).size(), 200U);
}

}  // namespace
}  // namespace windlass
