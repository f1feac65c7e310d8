#include "volume/messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include "base/text.hpp"
#include "support/allocation_failure.hpp"
#include "transport/frame.hpp"
#include "volume/message_samples.hpp"

namespace windlass {
namespace {

using test::MessageSample;
using Payload = std::vector<std::byte>;

// 16 bytes a line, in hexadecimal; what stands behind a # is for people.
Payload read_golden(const std::string& name) {
  Payload bytes;
  std::ifstream file(text(WINDLASS_WIRE, "/", name, ".frame"));
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) bytes.push_back(static_cast<std::byte>(std::stoul(word, nullptr, 16)));
  }
  return bytes;
}

std::string hex(const Payload& bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown;
  for (size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = std::to_integer<size_t>(bytes[at]);
    shown += kDigits[byte >> 4];
    shown += kDigits[byte & 15];
    shown += at % 16 == 15 || at + 1 == bytes.size() ? '\n' : ' ';
  }
  return shown;
}

class MessageTest : public testing::TestWithParam<MessageSample> {};

INSTANTIATE_TEST_SUITE_P(All, MessageTest, testing::ValuesIn(test::message_samples()),
                         [](const testing::TestParamInfo<MessageSample>& sample) { return sample.param.name; });

TEST_P(MessageTest, isWrittenAsTheGoldenFrameSays) {
  Payload frame;
  FrameWriter writer(frame, GetParam().type, 0x0102030405060708);
  frame.insert(frame.end(), GetParam().payload.begin(), GetParam().payload.end());
  ASSERT_TRUE(writer.finish().ok());
  EXPECT_EQ(hex(read_golden(GetParam().name)), hex(frame)) << GetParam().name;
}

TEST_P(MessageTest, isReadFromTheGoldenFrameAndWrittenAgain) {
  const Payload golden = read_golden(GetParam().name);
  FrameReader reader;
  const std::span<std::byte> room = reader.room();
  ASSERT_LE(golden.size(), room.size());
  std::copy(golden.begin(), golden.end(), room.begin());
  reader.arrived(golden.size());
  const auto frame = reader.next();
  ASSERT_TRUE(frame.ok()) << frame.status().to_string();
  ASSERT_TRUE(frame->has_value());
  EXPECT_EQ((*frame)->header.type, GetParam().type);
  const Result<Payload> again = GetParam().again((*frame)->payload);
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  EXPECT_EQ(hex(*again), hex(GetParam().payload));
}

TEST_P(MessageTest, cutShortAnywhereIsRefused) {
  for (size_t bytes = 0; bytes < GetParam().payload.size(); ++bytes) {
    // A copy of exactly so many bytes, so that reading beyond them is seen.
    const Payload shortened(GetParam().payload.begin(),
                            GetParam().payload.begin() + static_cast<std::ptrdiff_t>(bytes));
    const Result<Payload> again = GetParam().again(shortened);
    ASSERT_FALSE(again.ok()) << bytes;
    EXPECT_EQ(again.status().code(), Code::kCorrupt) << bytes;
  }
}

TEST_P(MessageTest, withAByteTooManyIsRefused) {
  Payload longer = GetParam().payload;
  longer.push_back(std::byte{0});
  const Result<Payload> again = GetParam().again(longer);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.status().code(), Code::kCorrupt);
}

TEST_P(MessageTest, withDamagedBytesIsReadOrRefusedAndNothingElse) {
  std::mt19937_64 random(20261120);
  for (int round = 0; round < 2000 && !GetParam().payload.empty(); ++round) {
    Payload damaged = GetParam().payload;
    for (uint64_t times = 1 + random() % 4; times > 0; --times) {
      damaged[random() % damaged.size()] = static_cast<std::byte>(random() % 2 == 0 ? random() : 255);
    }
    const Result<Payload> again = GetParam().again(damaged);
    // What is read is written as it was, so that no two payloads mean the same.
    if (again.ok() && GetParam().name != "reply_info") {
      EXPECT_EQ(again->size(), damaged.size());
    }
  }
}

TEST(MessagesTest, aCountThatCannotBeThereReservesNothing) {
  Payload payload;
  Encoder out(payload);
  out.u32(0xFFFFFFFF);
  out.u64(1);
  PrepareRequest request;
  EXPECT_EQ(decode_prepare(payload, request).code(), Code::kCorrupt);
  EXPECT_EQ(request.sizes.capacity(), 0U);
}

TEST(MessagesTest, aBatchIsReadWithoutMemoryOnceTheStructHasBeenUsed) {
  std::vector<std::string> keys;
  for (int at = 0; at < 10'000; ++at) keys.push_back(text("layer/", at, "/weight"));
  std::vector<CommitItem> items(keys.size());
  for (size_t at = 0; at < items.size(); ++at) {
    items[at].key = keys[at];
    items[at].meta.attributes = "some attributes";
    items[at].bytes = 8;
    items[at].token = at + 1;
  }
  Payload payload;
  Encoder out(payload);
  ASSERT_TRUE(encode_commit(items, {}, out).ok());
  CommitRequest request;
  ASSERT_TRUE(decode_commit(payload, request).ok());
  {
    const test::AllocationCount count;
    EXPECT_TRUE(decode_commit(payload, request).ok());
    EXPECT_EQ(count.value(), 0U);
  }
  ASSERT_EQ(request.items.size(), items.size());
  EXPECT_EQ(request.items[9'999].key, "layer/9999/weight");
  EXPECT_EQ(request.items[9'999].meta.attributes, "some attributes");
}

TEST(MessagesTest, whatAPeerOfThisVersionCannotSayIsRefusedBeforeItIsSent) {
  Payload payload;
  Encoder out(payload);
  const std::vector<std::byte> large(kMaxInlineBytes + 1);
  const std::vector<InlineItem> items{{.key = "k", .meta = {}, .shard = {}, .bytes = large}};
  EXPECT_EQ(encode_put_inline(items, {}, out).code(), Code::kInvalidArgument);
  CommitItem deep;
  deep.key = "k";
  deep.meta.shape.rank = kMaxRank + 1;
  EXPECT_EQ(encode_commit({&deep, 1}, {}, out).code(), Code::kInvalidArgument);
}

TEST(MessagesTest, typesHaveNames) {
  EXPECT_EQ(message_name(0x0102), "COMMIT");
  EXPECT_EQ(message_name(0x8102), "COMMIT");
  EXPECT_EQ(message_name(0x7777), "message 0x7777");
}

}  // namespace
}  // namespace windlass
