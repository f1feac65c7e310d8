#include "transport/rdma/rdma_device.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

// A folder as the kernel shows one for RDMA devices.
class RdmaDeviceTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& line) const {
    const std::filesystem::path file = root() + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << line << "\n";
  }
  void put_gid(const std::string& port, int index, const std::string& gid, const std::string& type) const {
    put(port + "/gids/" + std::to_string(index), gid);
    put(port + "/gid_attrs/types/" + std::to_string(index), type);
    put(port + "/gid_attrs/ndevs/" + std::to_string(index), "eth0");
  }
  void put_port(const std::string& device, const std::string& state, const std::string& layer) const {
    put(device + "/ports/1/state", state);
    put(device + "/ports/1/link_layer", layer);
  }
  std::string root() const { return directory_.path() + "/infiniband"; }
  std::vector<RdmaDevice> list() const { return list_rdma_devices(root()); }

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(RdmaDeviceTest, theModuleThatReachesGpusIsSeen) {
  EXPECT_FALSE(has_peer_memory(root()));
  put("module/nvidia_peermem/refcnt", "0");
  EXPECT_TRUE(has_peer_memory(root()));
}

TEST_F(RdmaDeviceTest, whatTheKernelShowsIsListed) {
  put("rxe0/fw_ver", "1.2");
  put("rxe0/device/numa_node", "1");
  put_port("rxe0", "4: ACTIVE", "Ethernet");
  put("rxe0/ports/1/rate", "2.5 Gb/sec (1X SDR)");
  put_gid("rxe0/ports/1", 0, "fe80:0000:0000:0000:0000:00ff:fe00:0001", "IB/RoCE v1");
  put_gid("rxe0/ports/1", 1, "0000:0000:0000:0000:0000:ffff:0a4d:0001", "RoCE v2");
  put_gid("rxe0/ports/1", 2, "0000:0000:0000:0000:0000:0000:0000:0000", "RoCE v2");
  const std::vector<RdmaDevice> devices = list();
  ASSERT_EQ(devices.size(), 1U);
  EXPECT_EQ(devices[0].name, "rxe0");
  EXPECT_EQ(devices[0].numa_node, 1);
  EXPECT_EQ(devices[0].firmware, "1.2");
  ASSERT_EQ(devices[0].ports.size(), 1U);
  const RdmaPort& port = devices[0].ports[0];
  EXPECT_EQ(port.number, 1U);
  EXPECT_TRUE(port.active());
  EXPECT_TRUE(port.ethernet);
  EXPECT_EQ(port.rate, "2.5 Gb/sec (1X SDR)");
  ASSERT_EQ(port.gids.size(), 2U);
  EXPECT_TRUE(port.gids[0].is_link_local());
  EXPECT_EQ(port.gids[0].kind, RdmaGidKind::kRoceV1);
  EXPECT_TRUE(port.gids[1].is_ipv4());
  EXPECT_EQ(port.gids[1].address(), "10.77.0.1");
  EXPECT_EQ(port.gids[1].interface, "eth0");
}

TEST_F(RdmaDeviceTest, theAddressIsRoceOfTheSecondVersionWhereThereIsOne) {
  put_port("mlx5_0", "4: ACTIVE", "Ethernet");
  put_gid("mlx5_0/ports/1", 0, "0000:0000:0000:0000:0000:ffff:0a00:0001", "IB/RoCE v1");
  put_gid("mlx5_0/ports/1", 1, "fe80:0000:0000:0000:0000:00ff:fe00:0001", "RoCE v2");
  put_gid("mlx5_0/ports/1", 2, "fd00:0000:0000:0000:0000:0000:0000:0001", "RoCE v2");
  put_gid("mlx5_0/ports/1", 3, "0000:0000:0000:0000:0000:ffff:0a00:0001", "RoCE v2");
  const Result<RdmaPath> path = choose_rdma_path(list(), {});
  ASSERT_TRUE(path.ok()) << path.status().to_string();
  EXPECT_EQ(path->gid.index, 3U);
  EXPECT_EQ(path->to_string(), "mlx5_0 port 1, RoCE v2 10.0.0.1");
}

TEST_F(RdmaDeviceTest, aDeviceIsChosenByNameByAddressOrByItsNode) {
  for (const std::string name : {"a0", "b0"}) {
    put_port(name, "4: ACTIVE", "Ethernet");
    put(name + "/device/numa_node", name == "a0" ? "0" : "1");
    put_gid(name + "/ports/1", 0, "0000:0000:0000:0000:0000:ffff:0a00:000" + std::string(name == "a0" ? "1" : "2"),
            "RoCE v2");
  }
  const auto chosen = [this](const std::string& device, const std::string& address, int32_t node) {
    RdmaWish wish;
    wish.device = device;
    wish.address = address;
    wish.numa_node = node;
    const Result<RdmaPath> path = choose_rdma_path(list(), wish);
    return path.ok() ? path->device : std::string(path.status().message());
  };
  EXPECT_EQ(chosen("", "", -1), "a0");
  EXPECT_EQ(chosen("b0", "", -1), "b0");
  EXPECT_EQ(chosen("b0:1", "", -1), "b0");
  EXPECT_EQ(chosen("", "10.0.0.2", 0), "b0");
  EXPECT_EQ(chosen("", "", 1), "b0");
  EXPECT_NE(chosen("b0:2", "", -1).find("there are a0, b0"), std::string::npos);
}

TEST_F(RdmaDeviceTest, whatIsMissingIsSaid) {
  const Result<RdmaPath> none = choose_rdma_path(list(), {});
  EXPECT_EQ(none.status().code(), Code::kNotFound);
  EXPECT_NE(none.status().message().find("no RDMA device"), std::string::npos);
  put_port("mlx5_0", "1: DOWN", "Ethernet");
  const Result<RdmaPath> down = choose_rdma_path(list(), {});
  EXPECT_EQ(down.status().code(), Code::kUnavailable);
  EXPECT_NE(down.status().message().find("mlx5_0 port 1 is DOWN and has no address"), std::string::npos);
}

}  // namespace
}  // namespace windlass
