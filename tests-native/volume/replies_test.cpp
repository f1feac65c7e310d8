#include "volume/replies.hpp"

#include <gtest/gtest.h>

// That each reply is written and read as PROTOCOL.md says is tested with the requests, in messages_test.cpp.

namespace windlass {
namespace {

template <typename Write>
std::vector<std::byte> reply_bytes(Write&& write) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  write(out);
  return bytes;
}

TEST(RepliesTest, aFailureIsWhatTheReaderGets) {
  const Status failure = Status::error(Code::kNoSpace, "the volume is full; make room", 28);
  const auto bytes = reply_bytes([&](Encoder& out) { encode_failure(failure, out); });
  for (const Status& read : {decode_done(bytes), decode_prepared(bytes).status(), decode_info(bytes).status()}) {
    EXPECT_EQ(read.code(), Code::kNoSpace);
    EXPECT_EQ(read.system_code(), 28);
    EXPECT_EQ(read.message(), failure.message());
  }
}

TEST(RepliesTest, aValueThatIsNotWhereItSaysIsRefused) {
  Acquired inlined;
  inlined.found.resize(1);
  inlined.found[0].bytes = 5;
  inlined.inlined.resize(4);
  EXPECT_EQ(decode_acquired(reply_bytes([&](Encoder& out) { encode_acquired(inlined, out); })).status().code(),
            Code::kCorrupt);
  Acquired leased;
  leased.lease = 1;
  leased.found.resize(1);
  leased.found[0].bytes = 5;
  leased.found[0].place = {1, 1, 0, 4};
  EXPECT_EQ(decode_acquired(reply_bytes([&](Encoder& out) { encode_acquired(leased, out); })).status().code(),
            Code::kCorrupt);
}

TEST(RepliesTest, numbersOfANewerVolumeArePassedOver) {
  VolumeInfo info;
  info.nonce = 7;
  std::vector<std::byte> bytes = reply_bytes([&](Encoder& out) { encode_info(info, out); });
  store_number(bytes.data() + 4, uint32_t{21});
  Encoder(bytes).u64(99);
  const Result<VolumeInfo> read = decode_info(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->nonce, 7U);
}

}  // namespace
}  // namespace windlass
