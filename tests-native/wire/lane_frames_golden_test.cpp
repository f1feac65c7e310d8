// The bytes of lanes' frames, written out: what they say is a promise to other versions.
#include <gtest/gtest.h>

#include <vector>

#include "transport/status_fields.hpp"
#include "transport/tcp/lane_frames.hpp"
#include "transport/wire.hpp"
#include "wire/golden.hpp"

namespace windlass {
namespace {

using test::golden;
using test::hex_of;
using test::joined;

const std::vector<RemoteRange> kRanges{{0x1122334455667788, 2, 0x1000, 3}, {5, 6, 7, 2}};

constexpr const char* kTable =
    "02 00 00 00  00 00 00 00 "
    "88 77 66 55 44 33 22 11  02 00 00 00 00 00 00 00  00 10 00 00 00 00 00 00  03 00 00 00 00 00 00 00 "
    "05 00 00 00 00 00 00 00  06 00 00 00 00 00 00 00  07 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00 ";

std::vector<RemoteRange> parsed(const std::vector<std::byte>& frame) {
  const std::span<const std::byte> bytes(frame);
  const FrameHeader header = parse_frame_header(bytes.first(kFrameHeaderBytes), kMaxLanePayloadBytes).value();
  const std::span<const std::byte> payload = bytes.subspan(kFrameHeaderBytes);
  const size_t table_bytes = parse_table_bytes(header, payload.first(kTableHeadBytes)).value();
  std::vector<RemoteRange> ranges;
  EXPECT_EQ(parse_slices(header, payload.first(table_bytes), ranges).value(), 5U);
  return ranges;
}

TEST(LaneFramesGoldenTest, writeIsATableAndTheBytes) {
  const std::vector<std::byte> expected =
      joined({golden("'WLF1' 01 02  00 00  4D 00 00 00  00 00 00 00  09 00 00 00 00 00 00 00 "), golden(kTable),
              golden("'abcde'")});
  std::vector<std::byte> bytes;
  append_slices(bytes, LaneFrame::kWrite, 9, kRanges);
  Encoder(bytes).raw(golden("'abcde'"));
  EXPECT_EQ(hex_of(bytes), hex_of(expected));
  EXPECT_EQ(parsed(expected), kRanges);
}

TEST(LaneFramesGoldenTest, readIsATable) {
  const std::vector<std::byte> expected =
      joined({golden("'WLF1' 03 02  00 00  48 00 00 00  00 00 00 00  09 00 00 00 00 00 00 00 "), golden(kTable)});
  std::vector<std::byte> bytes;
  append_slices(bytes, LaneFrame::kRead, 9, kRanges);
  EXPECT_EQ(hex_of(bytes), hex_of(expected));
  EXPECT_EQ(parsed(expected), kRanges);
}

TEST(LaneFramesGoldenTest, endHasNoPayload) {
  std::vector<std::byte> bytes;
  append_end(bytes, 9);
  EXPECT_EQ(hex_of(bytes), hex_of(golden("'WLF1' 02 02  00 00  00 00 00 00  00 00 00 00  09 00 00 00 00 00 00 00")));
}

TEST(LaneFramesGoldenTest, doneIsAStatus) {
  std::vector<std::byte> bytes;
  append_done(bytes, 9, Status());
  EXPECT_EQ(hex_of(bytes), hex_of(golden("'WLF1' 02 82  00 00  04 00 00 00  00 00 00 00  09 00 00 00 00 00 00 00 "
                                         "00 00 00 00")));
  bytes.clear();
  append_done(bytes, 9, Status::error(Code::kInvalidArgument, "why", 22));
  const std::vector<std::byte> expected = golden(
      "'WLF1' 02 82  00 00  0F 00 00 00  00 00 00 00  09 00 00 00 00 00 00 00 "
      "01 00 00 00  16 00 00 00  03 00 00 00 'why'");
  EXPECT_EQ(hex_of(bytes), hex_of(expected));
  Decoder in(std::span<const std::byte>(expected).subspan(kFrameHeaderBytes));
  const Status status = decode_status(in);
  EXPECT_TRUE(in.finished());
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.message(), "why");
  EXPECT_EQ(status.system_code(), 22);
}

TEST(LaneFramesGoldenTest, bytesFollowTheirStatus) {
  std::vector<std::byte> bytes;
  append_bytes_head(bytes, 9, Status(), 5);
  EXPECT_EQ(hex_of(bytes), hex_of(golden("'WLF1' 03 82  00 00  09 00 00 00  00 00 00 00  09 00 00 00 00 00 00 00 "
                                         "00 00 00 00")));
}

}  // namespace
}  // namespace windlass
