#include "transport/rdma/rdma_ends.hpp"

#include <gtest/gtest.h>

#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

using test::soon;

class NoLink final : public RdmaLink {
 public:
  Result<RdmaEndpoint> connect(const RdmaEndpoint& /*mine*/, Deadline /*deadline*/) override { return refused(); }
  Result<std::vector<RdmaPiece>> segment(uint64_t /*segment*/, Deadline /*deadline*/) override { return refused(); }
  Status disconnect(uint64_t /*connection*/, Deadline /*deadline*/) override { return refused(); }

 private:
  static Status refused() { return Status::error(Code::kUnsupported, "the volume does without RDMA"); }
};

TEST(RdmaEndsTest, whereThereIsNoDeviceBothEndsSayWhatIsMissing) {
  if (test::rdma_is_here()) GTEST_SKIP() << "this machine has an RDMA device";
  const auto answered = open_rdma_host({})->open_peer()->connect({});
  ASSERT_FALSE(answered.ok());
  EXPECT_FALSE(answered.status().message().empty());
  const auto client = open_rdma_client({});
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.status().code(), answered.status().code());
  EXPECT_FALSE(query_rdma_limits("rxe0").ok());
}

TEST(RdmaEndsTest, whatTheVolumeSaysNoToIsTold) {
  NEEDS_RDMA();
  const auto transport = test::open_client()->open_transport(std::make_unique<NoLink>(), soon());
  ASSERT_FALSE(transport.ok());
  EXPECT_NE(transport.status().message().find("does without RDMA"), std::string::npos);
}

TEST(RdmaEndsTest, aDeviceTellsItsLimits) {
  NEEDS_RDMA();
  const Result<RdmaLimits> limits = query_rdma_limits(list_rdma_devices()[0].name);
  ASSERT_TRUE(limits.ok()) << limits.status().to_string();
  EXPECT_GT(limits->queue_pairs, 0U);
  EXPECT_GT(limits->registrations, 0U);
  EXPECT_GT(limits->queue_pair_depth, 31U);
  EXPECT_EQ(query_rdma_limits("nobody0").status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace windlass
