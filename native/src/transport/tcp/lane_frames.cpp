#include "transport/tcp/lane_frames.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "transport/status_fields.hpp"
#include "transport/wire.hpp"

namespace windlass {

namespace {

uint16_t type_number(LaneFrame type) noexcept { return static_cast<uint16_t>(type); }

void append_header(std::vector<std::byte>& out, LaneFrame type, uint64_t batch, uint64_t payload_bytes) {
  Encoder(out).raw(frame_header_bytes({type_number(type), 0, static_cast<uint32_t>(payload_bytes), batch}));
}

Status malformed(const FrameHeader& header, std::string_view what) {
  return Status::error(Code::kCorrupt, text("a frame of type ", header.type, " ", what));
}

}  // namespace

void append_slices(std::vector<std::byte>& out, LaneFrame type, uint64_t batch, std::span<const RemoteRange> ranges) {
  uint64_t data_bytes = 0;
  if (type == LaneFrame::kWrite) {
    for (const RemoteRange& range : ranges) data_bytes += range.bytes;
  }
  append_header(out, type, batch, kTableHeadBytes + ranges.size() * kSliceBytes + data_bytes);
  Encoder table(out);
  table.u32(static_cast<uint32_t>(ranges.size()));
  table.u32(0);
  for (const RemoteRange& range : ranges) {
    table.u64(range.token);
    table.u64(range.segment);
    table.u64(range.offset);
    table.u64(range.bytes);
  }
}

void append_end(std::vector<std::byte>& out, uint64_t batch) { append_header(out, LaneFrame::kEnd, batch, 0); }

void append_done(std::vector<std::byte>& out, uint64_t batch, const Status& status) {
  std::vector<std::byte> payload;
  Encoder fields(payload);
  encode_status(fields, status);
  append_header(out, LaneFrame::kDone, batch, payload.size());
  Encoder(out).raw(payload);
}

void append_bytes_head(std::vector<std::byte>& out, uint64_t batch, const Status& status, uint64_t data_bytes) {
  std::vector<std::byte> payload;
  Encoder fields(payload);
  encode_status(fields, status);
  append_header(out, LaneFrame::kBytes, batch, payload.size() + (status.ok() ? data_bytes : 0));
  Encoder(out).raw(payload);
}

Result<size_t> parse_table_bytes(const FrameHeader& header, std::span<const std::byte> head) {
  Decoder in(head);
  const uint32_t count = in.u32();
  const uint32_t reserved = in.u32();
  if (!in.ok() || reserved != 0) return malformed(header, "has a malformed table");
  if (count == 0 || count > kMaxSlices) {
    return malformed(header, text("has ", count, " slices; 1 to ", kMaxSlices, " are taken"));
  }
  const size_t bytes = kTableHeadBytes + count * kSliceBytes;
  if (bytes > header.payload_bytes) return malformed(header, "is too short for its table");
  return bytes;
}

Result<uint64_t> parse_slices(const FrameHeader& header, std::span<const std::byte> table,
                              std::vector<RemoteRange>& ranges) {
  ranges.clear();
  Decoder in(table);
  const uint32_t count = in.u32();
  in.u32();
  uint64_t sum = 0;
  for (uint32_t at = 0; at < count; ++at) {
    RemoteRange range;
    range.token = in.u64();
    range.segment = in.u64();
    range.offset = in.u64();
    range.bytes = in.u64();
    if (!in.ok()) return malformed(header, "is too short for its table");
    if (range.bytes == 0) return malformed(header, "has an empty slice");
    if (range.bytes > kMaxFrameDataBytes - sum) {
      return malformed(header, text("moves more than ", bytes_text(kMaxFrameDataBytes)));
    }
    sum += range.bytes;
    ranges.push_back(range);
  }
  const uint64_t expected = table.size() + (header.type == type_number(LaneFrame::kWrite) ? sum : 0);
  if (!in.finished() || header.payload_bytes != expected) return malformed(header, "is not as long as its table says");
  return sum;
}

}  // namespace windlass
