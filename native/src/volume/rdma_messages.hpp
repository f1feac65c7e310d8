// What the two ends of an RDMA connection say to each other over the control channel, as bytes: see messages.hpp,
// PROTOCOL.md, and for what it means transport/rdma/rdma_ends.hpp.
//
// Threads: any; they share nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "transport/wire.hpp"

namespace windlass {

// RDMA_CONNECT, and its reply.
void encode_rdma_endpoint(const RdmaEndpoint& endpoint, Encoder& out);
Status decode_rdma_endpoint(std::span<const std::byte> payload, RdmaEndpoint& endpoint);
void encode_rdma_connected(const RdmaEndpoint& endpoint, Encoder& out);
Result<RdmaEndpoint> decode_rdma_connected(std::span<const std::byte> payload);

// RDMA_SEGMENT, of a segment, and RDMA_DISCONNECT, of a connection.
void encode_rdma_number(uint64_t number, Encoder& out);
Status decode_rdma_number(std::span<const std::byte> payload, uint64_t& number);

// The reply to RDMA_SEGMENT.
void encode_rdma_pieces(std::span<const RdmaPiece> pieces, Encoder& out);
Result<std::vector<RdmaPiece>> decode_rdma_pieces(std::span<const std::byte> payload);

}  // namespace windlass
