#include "fuzz/frame_targets.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "transport/frame.hpp"
#include "transport/handshake.hpp"
#include "transport/status_fields.hpp"
#include "transport/tcp/lane_frames.hpp"
#include "transport/wire.hpp"

namespace windlass::fuzz {

namespace {

// In pieces, whose size the input chooses.
bool feed_reader(std::span<const std::byte> input) {
  const size_t piece = input.empty() ? 1 : 1 + std::to_integer<size_t>(input.back());
  FrameReader reader(static_cast<uint32_t>(kMiB));
  size_t arrived = 0;
  size_t taken = 0;
  while (!input.empty()) {
    const std::span<std::byte> room = reader.room();
    // It grows with what has come, not with what a header promises.
    if (room.empty() || room.size() > 4 * std::max<size_t>(arrived, 16 * kKiB)) return false;
    const size_t count = std::min({piece, room.size(), input.size()});
    std::memcpy(room.data(), input.data(), count);
    reader.arrived(count);
    arrived += count;
    input = input.subspan(count);
    while (true) {
      Result<std::optional<Frame>> frame = reader.next();
      if (!frame.ok()) return true;
      if (!frame->has_value()) break;
      taken += kFrameHeaderBytes + (**frame).payload.size();
      Decoder in((**frame).payload);
      static_cast<void>(decode_status(in));
    }
    if (taken + reader.unread().size() != arrived) return false;
  }
  return true;
}

// Each byte says what is read next.
bool feed_decoder(std::span<const std::byte> input) {
  Decoder in(input);
  for (const std::byte choice : input) {
    switch (std::to_integer<unsigned>(choice) % 8) {
      case 0:
        in.u8();
        break;
      case 1:
        in.u16();
        break;
      case 2:
        in.u32();
        break;
      case 3:
        in.u64();
        break;
      case 4:
        in.boolean();
        break;
      case 5:
        if (in.string(64).size() > 64) return false;
        break;
      case 6:
        if (in.count(1000, 3) > 1000) return false;
        break;
      default:
        in.raw(std::to_integer<uint64_t>(choice));
        break;
    }
    if (in.left() > input.size() || (!in.ok() && in.left() != 0)) return false;
  }
  return true;
}

bool feed_handshake(std::span<const std::byte> input) {
  HandshakeHost host;
  host.secret = "a secret that the input does not know";
  bool opened = false;
  host.open_session = [&] {
    opened = true;
    return Result<SessionGrant>(SessionGrant{1, {}});
  };
  host.lane_key = [](uint64_t) { return Result<LaneKey>(LaneKey{}); };
  ServerHandshake server(host);
  std::vector<std::byte> output;
  while (!input.empty()) {
    const std::span<std::byte> room = server.room();
    const size_t count = std::min(room.size(), input.size());
    std::memcpy(room.data(), input.data(), count);
    input = input.subspan(count);
    const Result<bool> admitted = server.arrived(count, output);
    // Nobody gets in without the secret, and nobody is told much.
    if ((admitted.ok() && *admitted) || opened || output.size() > 2 * kMaxHandshakeBytes) return false;
    if (!admitted.ok()) break;
  }
  return true;
}

bool feed_lane(std::span<const std::byte> input) {
  if (input.size() < kFrameHeaderBytes) return true;
  Result<FrameHeader> header = parse_frame_header(input.first(kFrameHeaderBytes), kMaxLanePayloadBytes);
  if (!header.ok()) return true;
  const std::span<const std::byte> payload = input.subspan(kFrameHeaderBytes);
  Result<size_t> table_bytes = parse_table_bytes(*header, payload.first(std::min(payload.size(), kTableHeadBytes)));
  if (!table_bytes.ok()) return true;
  if (*table_bytes > kMaxTableBytes || *table_bytes > header->payload_bytes) return false;
  std::vector<RemoteRange> ranges;
  Result<uint64_t> bytes = parse_slices(*header, payload.first(std::min(payload.size(), *table_bytes)), ranges);
  if (!bytes.ok()) return true;
  uint64_t sum = 0;
  for (const RemoteRange& range : ranges) sum += range.bytes;
  return sum == *bytes && sum <= kMaxFrameDataBytes && !ranges.empty() && ranges.size() <= kMaxSlices;
}

}  // namespace

bool feed_frames(std::span<const std::byte> input) {
  return feed_reader(input) && feed_decoder(input) && feed_handshake(input) && feed_lane(input);
}

std::vector<std::vector<std::byte>> frame_seeds() {
  std::vector<std::vector<std::byte>> seeds;
  const std::vector<RemoteRange> ranges{{1, 2, 3, 40}, {5, 6, 7, 8}};
  append_slices(seeds.emplace_back(), LaneFrame::kWrite, 1, ranges);
  seeds.back().resize(seeds.back().size() + 48);
  append_end(seeds.back(), 1);
  append_slices(seeds.emplace_back(), LaneFrame::kRead, 2, ranges);
  append_done(seeds.emplace_back(), 3, Status::error(Code::kIo, "a message", 5));
  append_bytes_head(seeds.emplace_back(), 4, Status(), 0);
  std::vector<std::byte>& hello = seeds.emplace_back();
  FrameWriter frame(hello, static_cast<uint16_t>(HandshakeFrame::kHello), 0);
  Encoder out(hello);
  out.u32(0x4C444E57);
  out.u16(1);
  out.u16(1);
  out.u8(1);
  out.u64(0);
  out.raw(std::vector<std::byte>(sizeof(HandshakeNonce)));
  static_cast<void>(frame.finish());
  FrameWriter proof(hello, static_cast<uint16_t>(HandshakeFrame::kProof), 0);
  out.raw(std::vector<std::byte>(sizeof(Digest)));
  static_cast<void>(proof.finish());
  return seeds;
}

}  // namespace windlass::fuzz
