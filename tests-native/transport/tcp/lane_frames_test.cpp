#include "transport/tcp/lane_frames.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "transport/status_fields.hpp"
#include "transport/wire.hpp"

namespace windlass {
namespace {

const std::vector<RemoteRange> kRanges{{1, 2, 3, 4}, {5, 6, 7, 8}};

// Reads a frame's slices as a server does.
Result<uint64_t> parse(std::span<const std::byte> frame, std::vector<RemoteRange>& ranges) {
  Result<FrameHeader> header = parse_frame_header(frame.first(kFrameHeaderBytes), kMaxLanePayloadBytes);
  if (!header.ok()) return header.status();
  const std::span<const std::byte> payload = frame.subspan(kFrameHeaderBytes);
  Result<size_t> table_bytes = parse_table_bytes(*header, payload.first(std::min(payload.size(), kTableHeadBytes)));
  if (!table_bytes.ok()) return table_bytes.status();
  return parse_slices(*header, payload.first(std::min(payload.size(), *table_bytes)), ranges);
}

TEST(LaneFramesTest, slicesAreReadAsTheyWereWritten) {
  for (const LaneFrame type : {LaneFrame::kWrite, LaneFrame::kRead}) {
    std::vector<std::byte> bytes;
    append_slices(bytes, type, 9, kRanges);
    std::vector<RemoteRange> ranges;
    EXPECT_EQ(parse(bytes, ranges).value(), 12U);
    EXPECT_EQ(ranges, kRanges);
  }
}

TEST(LaneFramesTest, whatIsMalformedIsRefused) {
  const auto code = [](const std::vector<RemoteRange>& ranges, size_t at, std::byte value) {
    std::vector<std::byte> bytes;
    append_slices(bytes, LaneFrame::kRead, 9, ranges);
    bytes[at] = value;
    std::vector<RemoteRange> parsed;
    return parse(bytes, parsed).status().code();
  };
  constexpr size_t kCountAt = kFrameHeaderBytes;
  EXPECT_EQ(code(kRanges, kCountAt, std::byte{2}), Code::kOk);
  EXPECT_EQ(code(kRanges, kCountAt, std::byte{0}), Code::kCorrupt);
  EXPECT_EQ(code(kRanges, kCountAt, std::byte{1}), Code::kCorrupt);
  EXPECT_EQ(code(kRanges, kCountAt, std::byte{3}), Code::kCorrupt);
  EXPECT_EQ(code(kRanges, kCountAt + 1, std::byte{2}), Code::kCorrupt);
  EXPECT_EQ(code(kRanges, kCountAt + 4, std::byte{1}), Code::kCorrupt);
  EXPECT_EQ(code({{1, 2, 3, 0}}, kCountAt, std::byte{1}), Code::kCorrupt);
  EXPECT_EQ(code({{1, 2, 3, kMaxFrameDataBytes}}, kCountAt, std::byte{1}), Code::kOk);
  EXPECT_EQ(code({{1, 2, 3, kMaxFrameDataBytes}, {1, 2, 3, 1}}, kCountAt, std::byte{2}), Code::kCorrupt);
  EXPECT_EQ(code({{1, 2, 3, UINT64_MAX}, {1, 2, 3, 2}}, kCountAt, std::byte{2}), Code::kCorrupt);
}

TEST(LaneFramesTest, asManySlicesAsAFrameTakesFitTheLanesStore) {
  const std::vector<RemoteRange> most(kMaxSlices, RemoteRange{1, 2, 3, 4});
  std::vector<std::byte> bytes;
  append_slices(bytes, LaneFrame::kRead, 9, most);
  EXPECT_EQ(bytes.size(), kFrameHeaderBytes + kMaxTableBytes);
  std::vector<RemoteRange> ranges;
  EXPECT_EQ(parse(bytes, ranges).value(), 4U * kMaxSlices);
  bytes.clear();
  append_slices(bytes, LaneFrame::kRead, 9, std::vector<RemoteRange>(kMaxSlices + 1, RemoteRange{1, 2, 3, 4}));
  EXPECT_EQ(parse(bytes, ranges).status().code(), Code::kCorrupt);
}

TEST(LaneFramesTest, answersTellHowLongTheyAre) {
  std::vector<std::byte> bytes;
  append_bytes_head(bytes, 3, Status(), 1000);
  EXPECT_EQ(bytes.size(), kFrameHeaderBytes + kStatusBytes);
  EXPECT_EQ(parse_frame_header(std::span(bytes).first(kFrameHeaderBytes), 5000)->payload_bytes, kStatusBytes + 1000);
  bytes.clear();
  append_bytes_head(bytes, 3, Status::error(Code::kIo, "why"), 1000);
  EXPECT_EQ(parse_frame_header(std::span(bytes).first(kFrameHeaderBytes), 5000)->payload_bytes,
            bytes.size() - kFrameHeaderBytes);
  bytes.clear();
  append_done(bytes, 3, Status::error(Code::kInvalidArgument, "why"));
  Decoder in(std::span<const std::byte>(bytes).subspan(kFrameHeaderBytes));
  EXPECT_EQ(decode_status(in).code(), Code::kInvalidArgument);
  EXPECT_TRUE(in.finished());
}

}  // namespace
}  // namespace windlass
