#include "volume/rdma_messages.hpp"

#include <algorithm>

#include "transport/status_fields.hpp"
#include "volume/message_fields.hpp"

namespace windlass {

namespace {

constexpr size_t kWirePieceBytes = 8 + 8 + 8 + 4;
constexpr uint64_t kMostPieces = 65536;

RdmaEndpoint read_endpoint(Decoder& in) {
  RdmaEndpoint endpoint;
  endpoint.version = in.u16();
  endpoint.nonce = in.u64();
  endpoint.connection = in.u64();
  endpoint.queue_pair = in.u32();
  endpoint.first_packet = in.u32();
  endpoint.local_id = in.u16();
  endpoint.mtu = in.u8();
  endpoint.reads = in.u8();
  const std::span<const std::byte> gid = in.raw(endpoint.gid.size());
  std::copy(gid.begin(), gid.end(), endpoint.gid.begin());
  return endpoint;
}

// What became of a request for RDMA; after a failure nothing is left to read.
Status rdma_outcome(Decoder& in) {
  Status outcome = decode_status(in);
  if (outcome.ok() && in.ok()) return outcome;
  Status whole = fields::finish(in, "the reply of a failure");
  return whole.ok() ? outcome : whole;
}

}  // namespace

void encode_rdma_endpoint(const RdmaEndpoint& endpoint, Encoder& out) {
  out.u16(endpoint.version);
  out.u64(endpoint.nonce);
  out.u64(endpoint.connection);
  out.u32(endpoint.queue_pair);
  out.u32(endpoint.first_packet);
  out.u16(endpoint.local_id);
  out.u8(endpoint.mtu);
  out.u8(endpoint.reads);
  out.raw(endpoint.gid);
}

Status decode_rdma_endpoint(std::span<const std::byte> payload, RdmaEndpoint& endpoint) {
  Decoder in(payload);
  endpoint = read_endpoint(in);
  return fields::finish(in, "RDMA_CONNECT");
}

void encode_rdma_connected(const RdmaEndpoint& endpoint, Encoder& out) {
  encode_status(out, Status());
  encode_rdma_endpoint(endpoint, out);
}

Result<RdmaEndpoint> decode_rdma_connected(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = rdma_outcome(in); !outcome.ok()) return outcome;
  const RdmaEndpoint endpoint = read_endpoint(in);
  if (Status whole = fields::finish(in, "the reply to RDMA_CONNECT"); !whole.ok()) return whole;
  return endpoint;
}

void encode_rdma_number(uint64_t number, Encoder& out) { out.u64(number); }

Status decode_rdma_number(std::span<const std::byte> payload, uint64_t& number) {
  Decoder in(payload);
  number = in.u64();
  return fields::finish(in, "a request for RDMA");
}

void encode_rdma_pieces(std::span<const RdmaPiece> pieces, Encoder& out) {
  encode_status(out, Status());
  out.u32(static_cast<uint32_t>(pieces.size()));
  for (const RdmaPiece& piece : pieces) {
    out.u64(piece.offset);
    out.u64(piece.bytes);
    out.u64(piece.address);
    out.u32(piece.key);
  }
}

Result<std::vector<RdmaPiece>> decode_rdma_pieces(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = rdma_outcome(in); !outcome.ok()) return outcome;
  std::vector<RdmaPiece> pieces(in.count(kMostPieces, kWirePieceBytes));
  for (RdmaPiece& piece : pieces) {
    piece.offset = in.u64();
    piece.bytes = in.u64();
    piece.address = in.u64();
    piece.key = in.u32();
    // So that nothing that is added to it later goes round.
    if (piece.bytes > UINT64_MAX - piece.offset || piece.bytes > UINT64_MAX - piece.address) in.fail();
  }
  if (Status whole = fields::finish(in, "the reply to RDMA_SEGMENT"); !whole.ok()) return whole;
  return pieces;
}

}  // namespace windlass
