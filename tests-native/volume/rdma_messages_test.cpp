#include "volume/rdma_messages.hpp"

#include <gtest/gtest.h>

#include "volume/replies.hpp"

namespace windlass {
namespace {

// What is well-formed is among the samples that messages_test goes through.
TEST(RdmaMessagesTest, aPieceThatGoesRoundTheAddressesIsNoPiece) {
  const std::vector<RdmaPiece> pieces{{0, 4096, UINT64_MAX - 100, 1}};
  std::vector<std::byte> payload;
  Encoder out(payload);
  encode_rdma_pieces(pieces, out);
  EXPECT_EQ(decode_rdma_pieces(payload).status().code(), Code::kCorrupt);
}

TEST(RdmaMessagesTest, whatTheVolumeSaysNoToIsTold) {
  std::vector<std::byte> payload;
  Encoder out(payload);
  encode_failure(Status::error(Code::kUnsupported, "no RDMA here"), out);
  EXPECT_EQ(decode_rdma_connected(payload).status().code(), Code::kUnsupported);
  EXPECT_EQ(decode_rdma_pieces(payload).status().message(), "no RDMA here");
}

}  // namespace
}  // namespace windlass
