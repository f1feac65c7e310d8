#include "volume/lane_transport.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/pattern.hpp"
#include "support/soon.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::Client;
using test::pattern;
using test::soon;
using test::VolumeWorld;
using test::Way;

TEST(LaneTransportTest, bytesGoThereAndBackAndNothingIsMapped) {
  VolumeWorld world;
  const Client client = world.client(Way::kTcp);
  EXPECT_EQ(client.transport().kind(), TransportKind::kTcp);
  const std::vector<std::byte> value = pattern((5U << 20U) + 1, 3);
  ASSERT_TRUE(client.put({{"a", value, {}}}).ok());
  const Result<std::vector<std::byte>> got = client.get("a");
  ASSERT_TRUE(got.ok()) << got.status().to_string();
  EXPECT_EQ(*got, value);
  const Result<std::vector<RemoteRange>> slots = client.control().prepare(std::vector<uint64_t>{100}, soon());
  ASSERT_TRUE(slots.ok());
  const auto mapped = client.transport().map((*slots)[0], MapFor::kWriting, false, soon());
  EXPECT_EQ(mapped.status().code(), Code::kUnsupported);
}

TEST(LaneTransportTest, aTokenOfNobodyIsRefused) {
  VolumeWorld world;
  const Client client = world.client(Way::kTcp);
  const std::vector<std::byte> value = pattern(100, 4);
  const WriteMove move{value.data(), {12345, 1, 0, 100}};
  EXPECT_EQ(client.transport().write({&move, 1}, soon()).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
