#include "volume/connect.hpp"

#include <gtest/gtest.h>

#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::VolumeWorld;
using test::Way;

TEST(ConnectTest, aUnixAddressMeansSharedMemory) {
  VolumeWorld world;
  const Result<VolumeConnection> connection = connect_volume(world.unix_uri(), {});
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->kind, TransportKind::kShm);
  EXPECT_EQ(connection->transport->kind(), TransportKind::kShm);
  EXPECT_NE(connection->reason.find("on this machine"), std::string::npos);
  EXPECT_EQ(connection->volume_nonce(), world.volume().nonce());
  EXPECT_EQ(connection->connections(), 1U);
}

TEST(ConnectTest, aTcpAddressOfThisMachineMeansSharedMemoryTooUnlessForced) {
  VolumeWorld world;
  ConnectOptions options;
  options.secret = test::kSecret;
  const Result<VolumeConnection> chosen = connect_volume(world.tcp_uri(), options);
  ASSERT_TRUE(chosen.ok()) << chosen.status().to_string();
  EXPECT_EQ(chosen->kind, TransportKind::kShm);
  options.transport = TransportKind::kTcp;
  const Result<VolumeConnection> forced = connect_volume(world.tcp_uri(), options);
  ASSERT_TRUE(forced.ok());
  EXPECT_EQ(forced->kind, TransportKind::kTcp);
  EXPECT_NE(forced->reason.find("asked for"), std::string::npos);
}

TEST(ConnectTest, withoutAUnixSocketItIsTcpAndTheReasonSaysSo) {
  const auto volume = *Volume::open(VolumeWorld::small());
  const auto server = *VolumeServer::open(volume);
  const Result<std::string> uri = server->listen("tcp://127.0.0.1:0", {});
  ASSERT_TRUE(uri.ok());
  ConnectOptions options;
  const Result<VolumeConnection> chosen = connect_volume(*uri, options);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->kind, TransportKind::kTcp);
  EXPECT_NE(chosen->reason.find("listens at no Unix socket"), std::string::npos);
  options.transport = TransportKind::kShm;
  const Result<VolumeConnection> forced = connect_volume(*uri, options);
  ASSERT_FALSE(forced.ok());
  EXPECT_EQ(forced.status().code(), Code::kUnsupported);
}

TEST(ConnectTest, whatCannotBeIsRefused) {
  VolumeWorld world;
  ConnectOptions options;
  for (const TransportKind kind : {TransportKind::kTcp, TransportKind::kRdma, TransportKind::kLocal}) {
    options.transport = kind;
    EXPECT_EQ(connect_volume(world.unix_uri(), options).status().code(), Code::kUnsupported);
  }
  EXPECT_EQ(connect_volume("nonsense", {}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(connect_volume(text("shm://", world.path(), "/nobody.sock"), {}).status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace windlass
