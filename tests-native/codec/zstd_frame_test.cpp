#include "codec/zstd_frame.hpp"

#include <gtest/gtest.h>

#include "support/pattern.hpp"

namespace windlass {
namespace {

std::vector<std::byte> frame_of(std::span<const std::byte> bytes, int level = 3) {
  std::vector<std::byte> out(FrameEncoder::bound(bytes.size()));
  out.resize(FrameEncoder(level).encode(bytes, out).value());
  return out;
}

TEST(ZstdFrameTest, framesComeBackAtAnyLevel) {
  const std::vector<std::byte> bytes = test::pattern(300'000, 1);
  for (const int level : {kLeastZstdLevel, 1, 3, 9, kMostZstdLevel}) {
    const std::vector<std::byte> frame = frame_of(bytes, level);
    std::vector<std::byte> back(bytes.size());
    FrameDecoder decoder;
    ASSERT_TRUE(decoder.decode(frame, back).ok());
    EXPECT_EQ(back, bytes);
  }
}

TEST(ZstdFrameTest, anEncoderGivesTheSameFrameWhateverItDidBefore) {
  const std::vector<std::byte> bytes = test::pattern(100'000, 2);
  FrameEncoder encoder(3);
  std::vector<std::byte> out(FrameEncoder::bound(bytes.size()));
  EXPECT_TRUE(encoder.encode(std::span(bytes).first(77), out).ok());
  out.resize(encoder.encode(bytes, out).value());
  EXPECT_EQ(out, frame_of(bytes));
}

TEST(ZstdFrameTest, whatDoesNotFillTheTargetExactlyIsRefused) {
  const std::vector<std::byte> bytes = test::pattern(10'000, 3);
  const std::vector<std::byte> frame = frame_of(bytes);
  FrameDecoder decoder;
  std::vector<std::byte> back(bytes.size() + 1);
  EXPECT_EQ(decoder.decode(frame, back).code(), Code::kCorrupt);
  back.resize(bytes.size() - 1);
  EXPECT_EQ(decoder.decode(frame, back).code(), Code::kCorrupt);
  back.resize(bytes.size());
  EXPECT_EQ(decoder.decode(std::span(frame).first(frame.size() - 1), back).code(), Code::kCorrupt);
  std::vector<std::byte> two = frame;
  two.insert(two.end(), frame.begin(), frame.end());
  EXPECT_EQ(decoder.decode(two, back).code(), Code::kCorrupt);
  EXPECT_EQ(decoder.decode({}, back).code(), Code::kCorrupt);
  EXPECT_TRUE(decoder.decode(frame, back).ok());
}

TEST(ZstdFrameTest, aStreamIsDecodedInPiecesAndTellsWhereItMayEnd) {
  const std::vector<std::byte> bytes = test::pattern(10'000, 4);
  std::vector<std::byte> frames = frame_of(bytes);
  const std::vector<std::byte> second = frame_of(bytes);
  const size_t first_bytes = frames.size();
  frames.insert(frames.end(), second.begin(), second.end());
  StreamDecoder decoder;
  EXPECT_TRUE(decoder.between_frames());
  std::vector<std::byte> back;
  std::vector<std::byte> room(333);
  size_t taken = 0;
  while (taken < frames.size()) {
    const auto step =
        decoder.decode(std::span(frames).subspan(taken, std::min<size_t>(100, frames.size() - taken)), room);
    ASSERT_TRUE(step.ok());
    taken += step->taken;
    back.insert(back.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(step->made));
    if (taken != first_bytes && taken != frames.size()) {
      EXPECT_FALSE(decoder.between_frames()) << taken;
    }
  }
  while (back.size() < 2 * bytes.size()) {
    const auto step = decoder.decode({}, room);
    ASSERT_TRUE(step.ok());
    ASSERT_NE(step->made, 0U);
    back.insert(back.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(step->made));
  }
  EXPECT_TRUE(decoder.between_frames());
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), back.begin()));
}

}  // namespace
}  // namespace windlass
