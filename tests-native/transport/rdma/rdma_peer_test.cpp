#include "transport/rdma/rdma_peer.hpp"

#include <gtest/gtest.h>

#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

using test::RdmaVolume;

TEST(RdmaPeerTest, aSegmentIsRegisteredOnceAndGivenUpWithItsOwner) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, 4096);
  const auto first = volume.grant(1);
  const auto again = volume.grant(1);
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  EXPECT_EQ(*first, *again);
  EXPECT_EQ((*first)[0].bytes, 4096U);
  volume.remove(1);
  volume.peer().drop_stale();
  EXPECT_EQ(volume.grant(1).status().code(), Code::kNotFound);
}

TEST(RdmaPeerTest, whatIsClosedGivesNothing) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, 4096);
  volume.close();
  EXPECT_EQ(volume.grant(1).status().code(), Code::kState);
  EXPECT_EQ(volume.peer().connect({}).status().code(), Code::kState);
}

TEST(RdmaPeerTest, anotherVersionIsRefused) {
  NEEDS_RDMA();
  RdmaVolume volume;
  RdmaEndpoint later;
  later.version = 2;
  EXPECT_EQ(volume.peer().connect(later).status().code(), Code::kVersion);
}

}  // namespace
}  // namespace windlass
