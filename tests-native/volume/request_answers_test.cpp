#include "volume/request_answers.hpp"

#include <gtest/gtest.h>

#include "volume/replies.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::soon;

class RequestAnswersTest : public testing::Test {
 protected:
  Result<Answer> ask(Message type, const std::vector<std::byte>& payload, bool may_wait = true, uint16_t flags = 0) {
    out_.clear();
    const Frame frame{{static_cast<uint16_t>(type), flags, static_cast<uint32_t>(payload.size()), 9}, payload};
    return answer_request(frame, *session_, scratch_, may_wait, out_);
  }
  std::span<const std::byte> reply() const { return std::span(out_).subspan(kFrameHeaderBytes); }

  template <typename Write>
  static std::vector<std::byte> payload(Write&& write) {
    std::vector<std::byte> bytes;
    Encoder out(bytes);
    write(out);
    return bytes;
  }

  std::shared_ptr<Volume> volume_ = *Volume::open(test::VolumeWorld::small());
  std::shared_ptr<VolumeSession> session_ = *volume_->open_session({.peer = "a test"});
  RequestScratch scratch_;
  std::vector<std::byte> out_;
};

TEST_F(RequestAnswersTest, aReplyHasTheIdAndTypeOfItsRequest) {
  const Result<Answer> answer = ask(Message::kInfo, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->what, Answer::What::kReply);
  const Result<FrameHeader> header =
      parse_frame_header(std::span(out_).first(kFrameHeaderBytes), kMaxFramePayloadBytes);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->id, 9U);
  EXPECT_EQ(header->type, static_cast<uint16_t>(Message::kInfo) | kReplyBit);
  EXPECT_EQ(header->payload_bytes, reply().size());
  EXPECT_TRUE(decode_info(reply()).ok());
}

TEST_F(RequestAnswersTest, whatWouldWaitIsSaidAndNothingIsDone) {
  const std::vector<uint64_t> sizes{10'000};
  const auto request = payload([&](Encoder& out) { encode_prepare(sizes, out); });
  const Result<Answer> hasty = ask(Message::kPrepare, request, false);
  ASSERT_TRUE(hasty.ok());
  EXPECT_EQ(hasty->what, Answer::What::kWouldWait);
  EXPECT_TRUE(out_.empty());
  EXPECT_EQ(volume_->info().prepared_slots, 0U);
  const Result<Answer> patient = ask(Message::kPrepare, request, true);
  ASSERT_TRUE(patient.ok());
  EXPECT_EQ(patient->what, Answer::What::kReply);
  EXPECT_EQ(decode_prepared(reply())->size(), 1U);
}

TEST_F(RequestAnswersTest, whatTheVolumeRefusesIsAReply) {
  const std::vector<AcquireItem> items{{"missing"}};
  const Result<Answer> answer = ask(Message::kAcquire, payload([&](Encoder& out) { encode_acquire(items, {}, out); }));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(decode_acquired(reply()).status().code(), Code::kNotFound);
}

TEST_F(RequestAnswersTest, aDescriptorGoesWithItsReply) {
  const uint64_t size = 100;
  const RemoteRange slot = (*session_->prepare({&size, 1}, soon()))[0];
  Result<Answer> answer = ask(Message::kSegment, payload([&](Encoder& out) {
                                encode_segment({slot.segment, MapFor::kReading}, out);
                              }));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->descriptor.valid());
  EXPECT_TRUE(decode_done(reply()).ok());
  answer = ask(Message::kSegment, payload([&](Encoder& out) { encode_segment({1, MapFor::kReading}, out); }));
  EXPECT_FALSE(answer->descriptor.valid());
  EXPECT_EQ(decode_done(reply()).code(), Code::kNotFound);
}

TEST_F(RequestAnswersTest, whatNobodyWaitsForHasNoReply) {
  const std::vector<uint64_t> unknown{1, 2, 3};
  const auto request = payload([&](Encoder& out) { encode_numbers(unknown, out); });
  const Result<Answer> silent = ask(Message::kRelease, request, true, kNoReply);
  ASSERT_TRUE(silent.ok());
  EXPECT_EQ(silent->what, Answer::What::kNone);
  EXPECT_TRUE(out_.empty());
  EXPECT_EQ(ask(Message::kInfo, {}, true, kNoReply).status().code(), Code::kCorrupt);
}

TEST_F(RequestAnswersTest, goodbyeEndsTheSession) {
  const Result<Answer> answer = ask(Message::kGoodbye, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->what, Answer::What::kGoodbye);
  EXPECT_TRUE(decode_done(reply()).ok());
  ASSERT_TRUE(ask(Message::kInfo, {}).ok());
  EXPECT_EQ(decode_info(reply()).status().code(), Code::kUnavailable);
}

TEST_F(RequestAnswersTest, anAnswerThatFillsMoreThanAFrameIsAnErrorAndLeavesNoLease) {
  // 1100 values with 64 KiB of attributes each are more than 64 MiB to tell of.
  const std::string attributes(kMaxAttributesBytes, 'x');
  std::vector<std::string> keys;
  for (int at = 0; at < 1100; ++at) keys.push_back(text("key/", at));
  VolumeOptions roomy = test::VolumeWorld::small();
  roomy.metadata_bytes = 256 * kMiB;
  volume_ = *Volume::open(roomy);
  session_ = *volume_->open_session({.peer = "a test"});
  std::vector<AcquireItem> wanted;
  for (const std::string& key : keys) {
    InlineItem item;
    item.key = key;
    item.meta.attributes = attributes;
    ASSERT_TRUE(session_->put_inline({&item, 1}, {}, soon()).ok());
    wanted.push_back({key});
  }
  const Result<Answer> answer = ask(Message::kAcquire, payload([&](Encoder& out) { encode_acquire(wanted, {}, out); }));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(decode_acquired(reply()).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(volume_->info().leases, 0U);
}

}  // namespace
}  // namespace windlass
