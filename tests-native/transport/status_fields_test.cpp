#include "transport/status_fields.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace windlass {
namespace {

Status travel(const Status& status) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  encode_status(out, status);
  Decoder in(bytes);
  Status arrived = decode_status(in);
  EXPECT_TRUE(in.finished());
  return arrived;
}

TEST(StatusFieldsTest, aStatusArrivesAsItWas) {
  EXPECT_TRUE(travel(Status()).ok());
  const Status arrived = travel(Status::error(Code::kNoSpace, "the volume is full", 28));
  EXPECT_EQ(arrived.code(), Code::kNoSpace);
  EXPECT_EQ(arrived.message(), "the volume is full");
  EXPECT_EQ(arrived.system_code(), 28);
}

TEST(StatusFieldsTest, aLongMessageIsCutBetweenCharacters) {
  std::string text(kMaxMessageBytes - 1, 'a');
  text += "\xC3\xA4";
  const Status arrived = travel(Status::error(Code::kIo, text));
  EXPECT_EQ(arrived.message(), text.substr(0, kMaxMessageBytes - 1));
}

TEST(StatusFieldsTest, anUnknownCodeIsAnErrorAllTheSame) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  out.u32(4711);
  out.i32(0);
  out.string("of a later version");
  Decoder in(bytes);
  const Status arrived = decode_status(in);
  EXPECT_EQ(arrived.code(), Code::kUnavailable);
  EXPECT_EQ(arrived.message(), "of a later version");
}

TEST(StatusFieldsTest, whatEndsEarlyIsNoStatus) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  encode_status(out, Status::error(Code::kIo, "message"));
  for (size_t length = 0; length < bytes.size(); ++length) {
    Decoder in(std::span<const std::byte>(bytes).first(length));
    EXPECT_TRUE(decode_status(in).ok());
    EXPECT_FALSE(in.ok());
  }
}

}  // namespace
}  // namespace windlass
