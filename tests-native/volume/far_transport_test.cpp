#include "volume/far_transport.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::Client;
using test::soon;
using test::VolumeWorld;
using test::Way;

TEST(FarTransportTest, withoutADeviceForcedRdmaSaysWhatIsMissingAndTcpIsChosenOtherwise) {
  if (test::rdma_is_here()) GTEST_SKIP() << "this machine has an RDMA device";
  VolumeWorld world;
  const Result<VolumeConnection> forced = world.connect(Way::kRdma);
  ASSERT_FALSE(forced.ok());
  EXPECT_EQ(forced.status().code(), Code::kUnsupported);
  EXPECT_NE(forced.status().message().find("no RDMA"), std::string_view::npos) << forced.status().to_string();
}

TEST(FarTransportTest, aTokenOfNobodyIsRefused) {
  if (!test::rdma_is_here()) GTEST_SKIP() << "this machine has no RDMA device";
  VolumeWorld world;
  const Client client = world.client(Way::kRdma);
  EXPECT_EQ(client.transport().kind(), TransportKind::kRdma);
  const std::vector<std::byte> value(100);
  const WriteMove move{value.data(), {12345, 1, 0, 100}};
  EXPECT_EQ(client.transport().write({&move, 1}, soon()).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
