#include "transport/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "support/pattern.hpp"
#include "transport/wire.hpp"

namespace windlass {
namespace {

void append(std::vector<std::byte>& out, uint16_t type, uint64_t id, std::span<const std::byte> payload) {
  FrameWriter frame(out, type, id, 3);
  Encoder(out).raw(payload);
  ASSERT_TRUE(frame.finish().ok());
}

// Feeds bytes in pieces of at most piece, and calls take with each frame.
template <typename Take>
Status feed(FrameReader& reader, std::span<const std::byte> bytes, size_t piece, const Take& take) {
  while (!bytes.empty()) {
    const std::span<std::byte> room = reader.room();
    const size_t count = std::min({piece, bytes.size(), room.size()});
    std::memcpy(room.data(), bytes.data(), count);
    reader.arrived(count);
    bytes = bytes.subspan(count);
    while (true) {
      Result<std::optional<Frame>> frame = reader.next();
      if (!frame.ok()) return frame.status();
      if (!frame->has_value()) break;
      take(**frame);
    }
  }
  return Status();
}

TEST(FrameTest, aHeaderIsReadAsItWasWritten) {
  const FrameHeader header{0x0102, 0x0304, 0x05060708, 0x090A0B0C0D0E0F10};
  const FrameHeaderBytes bytes = frame_header_bytes(header);
  EXPECT_EQ(parse_frame_header(bytes, UINT32_MAX).value(), header);
}

TEST(FrameTest, framesAreFoundHoweverTheirBytesArrive) {
  std::vector<std::byte> bytes;
  std::vector<size_t> lengths{0, 1, 23, 24, 25, 4096, 100'000, 0, 5};
  for (size_t at = 0; at < lengths.size(); ++at) append(bytes, 7, at, test::pattern(lengths[at], at));
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{24}, size_t{4096}, size_t{1} << 20U}) {
    FrameReader reader;
    size_t found = 0;
    const Status fed = feed(reader, bytes, piece, [&](const Frame& frame) {
      ASSERT_LT(found, lengths.size());
      EXPECT_EQ(frame.header.id, found);
      EXPECT_EQ(frame.header.flags, 3);
      const std::vector<std::byte> expected = test::pattern(lengths[found], found);
      EXPECT_TRUE(std::equal(frame.payload.begin(), frame.payload.end(), expected.begin(), expected.end()));
      ++found;
    });
    EXPECT_TRUE(fed.ok()) << fed.to_string();
    EXPECT_EQ(found, lengths.size());
    EXPECT_FALSE(reader.inside());
  }
}

TEST(FrameTest, aFrameThatHasBegunIsInside) {
  std::vector<std::byte> bytes;
  append(bytes, 1, 1, test::pattern(10, 1));
  FrameReader reader;
  EXPECT_FALSE(reader.inside());
  ASSERT_TRUE(feed(reader, std::span(bytes).first(3), 3, [](const Frame&) { ADD_FAILURE(); }).ok());
  EXPECT_TRUE(reader.inside());
  EXPECT_EQ(reader.unread().size(), 3U);
}

// Goal: a header that promises much makes nobody reserve it. Method: the room after a header of 64 MiB.
TEST(FrameTest, memoryGrowsWithWhatArrivesAndShrinksAgain) {
  FrameReader reader;
  const FrameHeaderBytes header = frame_header_bytes({1, 0, kMaxFramePayloadBytes, 1});
  ASSERT_TRUE(feed(reader, header, header.size(), [](const Frame&) {}).ok());
  EXPECT_LE(reader.room().size(), 64 * kKiB);
  const std::vector<std::byte> megabyte(kMiB);
  size_t frames = 0;
  for (int at = 0; at < 64; ++at) {
    ASSERT_TRUE(feed(reader, megabyte, megabyte.size(), [&](const Frame& frame) {
                  ++frames;
                  EXPECT_EQ(frame.payload.size(), kMaxFramePayloadBytes);
                }).ok());
  }
  EXPECT_EQ(frames, 1U);
  EXPECT_LE(reader.room().size(), 64 * kKiB);
}

TEST(FrameTest, whatIsNoFrameIsRefused) {
  const auto refusal = [](size_t at, std::byte value, uint32_t limit) {
    FrameHeaderBytes bytes = frame_header_bytes({1, 0, 100, 1});
    bytes[at] = value;
    FrameReader reader(limit);
    return feed(reader, bytes, bytes.size(), [](const Frame&) { ADD_FAILURE(); });
  };
  EXPECT_EQ(refusal(0, std::byte{'X'}, 1000).code(), Code::kCorrupt);
  EXPECT_EQ(refusal(12, std::byte{1}, 1000).code(), Code::kCorrupt);
  EXPECT_EQ(refusal(15, std::byte{1}, 1000).code(), Code::kCorrupt);
  EXPECT_EQ(refusal(4, std::byte{1}, 99).code(), Code::kCorrupt);
  EXPECT_EQ(refusal(11, std::byte{0xFF}, kMaxFramePayloadBytes).code(), Code::kCorrupt);
  EXPECT_TRUE(refusal(4, std::byte{1}, 100).ok());
}

TEST(FrameTest, aMessageThatIsTooLargeLeavesNothingBehind) {
  std::vector<std::byte> bytes;
  append(bytes, 1, 1, test::pattern(10, 1));
  const std::vector<std::byte> before = bytes;
  FrameWriter frame(bytes, 2, 2);
  Encoder(bytes).raw(test::pattern(101, 2));
  EXPECT_EQ(frame.finish(100).code(), Code::kInvalidArgument);
  EXPECT_EQ(bytes, before);
}

}  // namespace
}  // namespace windlass
