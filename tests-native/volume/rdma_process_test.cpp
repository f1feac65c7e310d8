// Volumes and clients over RDMA in processes of their own, which are killed, or may do little.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/child_process.hpp"
#include "support/pattern.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::ChildProcess;
using test::Client;
using test::comes_true;
using test::pattern;
using test::soon;
using test::VolumeWorld;
using test::Way;

#define NEEDS_RDMA_HERE() \
  if (!test::rdma_is_here()) GTEST_SKIP() << "this machine has no RDMA device"

TEST(RdmaProcessTest, aClientThatIsKilledInMidTransferLeavesNothingBehindAndNothingOfItArrivesAfter) {
  NEEDS_RDMA_HERE();
  VolumeWorld world;
  const Client other = world.client(Way::kLocal);
  ASSERT_TRUE(other.put({{"a", pattern(100'000, 1), {}}}).ok());
  const uint64_t used_before = other.info().used_bytes;
  ChildProcess child({WINDLASS_RDMA_PROGRAM, "write", world.tcp_uri()});
  ASSERT_EQ(child.read_line(), "ready");
  EXPECT_EQ(other.info().prepared_slots, 1U);
  child.kill();
  EXPECT_TRUE(comes_true([&] { return other.info().prepared_slots == 0; }));
  EXPECT_EQ(other.info().used_bytes, used_before);
  // Where it wrote there is room now.
  const std::vector<std::byte> value = pattern(8 * kMiB, 2);
  ASSERT_TRUE(other.put({{"b", value, {}}}).ok());
  EXPECT_EQ(*other.get("b"), value);
  EXPECT_EQ(*other.get("a"), pattern(100'000, 1));
  EXPECT_TRUE(comes_true([&] { return world.volume().info().sessions == 1; }));
}

TEST(RdmaProcessTest, aVolumeThatIsKilledInMidTransferIsANamedErrorAndNoHang) {
  NEEDS_RDMA_HERE();
  ChildProcess child({WINDLASS_RDMA_PROGRAM, "serve"});
  const std::string uri = child.read_line();
  ConnectOptions options;
  options.transport = TransportKind::kRdma;
  options.secret = test::kSecret;
  options.connect_timeout = std::chrono::minutes(1);
  const Result<VolumeConnection> volume = connect_volume(uri, options);
  ASSERT_TRUE(volume.ok()) << volume.status().to_string();
  const std::vector<std::byte> value = pattern(8 * kMiB, 1);
  const uint64_t size = value.size();
  const auto slot = volume->control->prepare({&size, 1}, soon());
  ASSERT_TRUE(slot.ok()) << slot.status().to_string();
  const WriteMove move{value.data(), (*slot)[0]};
  ASSERT_TRUE(volume->transport->write({&move, 1}, soon()).ok());
  std::thread killing([&] { child.kill(); });
  Status failed;
  while (failed.ok()) failed = volume->transport->write({&move, 1}, soon());
  killing.join();
  EXPECT_EQ(failed.code(), Code::kUnavailable) << failed.to_string();
}

// What somebody is told who is not let in at the Unix socket, may lock so much memory, and asks for this transport.
std::string told_to_nobody(const VolumeWorld& world, const char* transport, const char* memory) {
  for (const auto& file : std::filesystem::directory_iterator("/dev/infiniband")) chmod(file.path().c_str(), 0666);
  ChildProcess child({WINDLASS_RDMA_PROGRAM, "nobody", world.tcp_uri(), transport, memory});
  return child.read_line();
}

TEST(RdmaProcessTest, whoMayLockTooLittleMemoryIsToldHowMuchAndHowToRaiseIt) {
  NEEDS_RDMA_HERE();
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody who may do less";
  const VolumeWorld world;
  const std::string forced = told_to_nobody(world, "rdma", "little");
  EXPECT_NE(forced.find("no RDMA"), std::string::npos) << forced;
  EXPECT_NE(forced.find("may lock 1 MiB"), std::string::npos) << forced;
  EXPECT_NE(forced.find("ulimit -l"), std::string::npos) << forced;
}

TEST(RdmaProcessTest, whereTheChoiceIsFreeItIsTcpThenAndTheReasonSaysWhy) {
  NEEDS_RDMA_HERE();
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody who may do less";
  const VolumeWorld world;
  const std::string chosen = told_to_nobody(world, "auto", "little");
  EXPECT_EQ(chosen.find("tcp: "), 0U) << chosen;
  EXPECT_NE(chosen.find("no RDMA"), std::string::npos) << chosen;
  EXPECT_NE(chosen.find("may lock 1 MiB"), std::string::npos) << chosen;
}

TEST(RdmaProcessTest, whereTheChoiceIsFreeAndBothEndsHaveItItIsRdma) {
  NEEDS_RDMA_HERE();
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody who is not let in at the Unix socket";
  const VolumeWorld world;
  const std::string chosen = told_to_nobody(world, "auto", "any");
  EXPECT_EQ(chosen.find("rdma: "), 0U) << chosen;
  EXPECT_NE(chosen.find("both ends have RDMA"), std::string::npos) << chosen;
}

// Of the device that both ends are on: packets that it has sent.
uint64_t sent_packets(const std::string& device) {
  std::ifstream in("/sys/class/infiniband/" + device + "/ports/1/hw_counters/sent_pkts");
  uint64_t count = 0;
  in >> count;
  return count;
}

TEST(RdmaProcessTest, theDevicesCountersShowTheTraffic) {
  NEEDS_RDMA_HERE();
  VolumeWorld world;
  const Client client = world.client(Way::kRdma);
  const std::string device = find_rdma_path({})->device;
  if (sent_packets(device) == 0) GTEST_SKIP() << device << " does not count packets as soft-RoCE does";
  const uint64_t before = sent_packets(device);
  const std::vector<std::byte> value = pattern(4 * kMiB, 1);
  ASSERT_TRUE(client.put({{"a", value, {}}}).ok());
  const uint64_t between = sent_packets(device);
  EXPECT_EQ(*client.get("a"), value);
  const uint64_t after = sent_packets(device);
  constexpr uint64_t kMostInPacket = 4096;
  EXPECT_GE(between - before, value.size() / kMostInPacket);
  EXPECT_GE(after - between, value.size() / kMostInPacket);
}

}  // namespace
}  // namespace windlass
