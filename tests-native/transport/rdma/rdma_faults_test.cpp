// What a device and a network do to transfers: queue pairs in error, packets that are lost or late, objects that must
// not be left behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/text.hpp"
#include "transport/rdma/rdma_client.hpp"
#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

using test::open_client;
using test::open_transport;
using test::pattern;
using test::RdmaVolume;
using test::soon;

constexpr uint64_t kFaultyBytes = 4 * kMiB;

// Puts queue pairs into their error state as they are given work, by taking the place of what posts it. The device does
// the rest.
class FailingPosts {
 public:
  FailingPosts(const std::string& device, uint64_t first, uint64_t count)
      : context_(RdmaContext::open(device).value()), post_(context_->get()->ops.post_send) {
    now = this;
    first_ = first;
    count_ = count;
    context_->get()->ops.post_send = [](ibv_qp* pair, ibv_send_wr* work, ibv_send_wr** refused) {
      return now->post(pair, work, refused);
    };
  }
  ~FailingPosts() { context_->get()->ops.post_send = post_; }
  FailingPosts(const FailingPosts&) = delete;
  FailingPosts& operator=(const FailingPosts&) = delete;

 private:
  int post(ibv_qp* pair, ibv_send_wr* work, ibv_send_wr** refused) {
    ++posts_;
    if (posts_ >= first_ && posts_ < first_ + count_) {
      ibv_qp_attr broken{};
      broken.qp_state = IBV_QPS_ERR;
      EXPECT_EQ(context_->verbs().modify_qp(pair, &broken, IBV_QP_STATE), 0);
    }
    return post_(pair, work, refused);
  }

  static inline FailingPosts* now = nullptr;
  const std::shared_ptr<RdmaContext> context_;
  int (*const post_)(ibv_qp*, ibv_send_wr*, ibv_send_wr**);
  uint64_t first_ = 0;
  uint64_t count_ = 0;
  uint64_t posts_ = 0;
};

struct FaultyWorld {
  FaultyWorld() { volume.add(1, kFaultyBytes); }

  Status write(uint64_t seed) {
    value = pattern(kFaultyBytes, seed);
    const WriteMove out{value.data(), {1, 1, 0, kFaultyBytes}};
    return transport->write({&out, 1}, soon());
  }
  bool has_it() { return value == volume.segment(1); }

  std::string device = find_rdma_path({})->device;
  RdmaVolume volume;
  std::unique_ptr<Transport> transport = open_transport(volume);
  std::vector<std::byte> value;
};

TEST(RdmaFaultsTest, aQueuePairInErrorIsMadeAnewAndItsSlicesMoveOnceMore) {
  NEEDS_RDMA();
  FaultyWorld world;
  {
    const FailingPosts failing(world.device, 1, 1);
    const Status written = world.write(1);
    ASSERT_TRUE(written.ok()) << written.to_string();
  }
  EXPECT_TRUE(world.has_it());
  EXPECT_EQ(world.volume.connects, 2U);
  EXPECT_EQ(world.volume.disconnects, 1U);
  ASSERT_TRUE(world.write(2).ok());
  EXPECT_TRUE(world.has_it());
  EXPECT_EQ(world.volume.connects, 2U);
}

TEST(RdmaFaultsTest, whereTheNextOneBreaksTooTheErrorIsNamedAndTheTransferAfterItMoves) {
  NEEDS_RDMA();
  FaultyWorld world;
  {
    const FailingPosts failing(world.device, 1, 1000);
    const Status failed = world.write(1);
    EXPECT_EQ(failed.code(), Code::kUnavailable);
    EXPECT_NE(failed.message().find("RDMA to the volume broke"), std::string_view::npos) << failed.to_string();
  }
  EXPECT_EQ(world.volume.disconnects, 2U);
  const Status written = world.write(2);
  ASSERT_TRUE(written.ok()) << written.to_string();
  EXPECT_TRUE(world.has_it());
}

// What the kernel has of this process's, a line each: domains, queues, pairs and registrations. Nothing where it cannot
// be asked.
std::optional<std::vector<std::string>> rdma_objects() {
  std::vector<std::string> ours;
  const std::string mark = text(" pid ", getpid(), " ");
  for (const char* kind : {"pd", "cq", "qp", "mr"}) {
    FILE* const pipe = popen(text("rdma resource show ", kind, " 2>/dev/null").c_str(), "r");
    if (pipe == nullptr) return std::nullopt;
    std::array<char, 512> line{};
    while (fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) {
      if (std::strstr(line.data(), mark.c_str()) != nullptr) ours.emplace_back(line.data());
    }
    if (pclose(pipe) != 0) return std::nullopt;
  }
  return ours;
}

TEST(RdmaFaultsTest, aThousandConnectionsLeaveNoObjectBehind) {
  NEEDS_RDMA();
  if (!rdma_objects().has_value()) GTEST_SKIP() << "there is no rdma(8), of iproute2";
  {
    RdmaVolume volume;
    volume.add(1, 4096);
    const std::vector<std::byte> value = pattern(100, 1);
    std::shared_ptr<RdmaClient> client;
    for (uint64_t at = 1; at <= 1000; ++at) {
      if (at % 50 == 1) client = open_client();
      const std::unique_ptr<Transport> transport = open_transport(volume, *client);
      ASSERT_NE(transport, nullptr) << at;
      const WriteMove out{value.data(), {1, 1, 0, 100}};
      ASSERT_TRUE(transport->write({&out, 1}, soon()).ok()) << at;
      if (at == 500) {
        EXPECT_GT(rdma_objects()->size(), 4U) << "they are seen";
      }
      volume.peer().disconnect(at);
    }
  }
  EXPECT_EQ(*rdma_objects(), std::vector<std::string>());
}

// Over the cable between two devices of the virtual machine, which can lose packets and hold them up. It keeps their
// order: a device takes one that comes early for one that was lost, and after a few of those gives up.
class RdmaCableTest : public testing::Test {
 protected:
  void SetUp() override {
    if (list_rdma_devices().size() < 2 || !std::filesystem::exists("/sys/class/net/rd1")) {
      GTEST_SKIP() << "there is no cable between two RDMA devices; see tests-native/rdma-vm";
    }
  }
  void TearDown() override { static_cast<void>(std::system("tc qdisc del dev rd0 root 2>/dev/null")); }

  static void spoil(const std::string& how) {
    ASSERT_EQ(std::system(("tc qdisc replace dev rd0 root netem " + how).c_str()), 0);
  }
};

TEST_F(RdmaCableTest, whatIsLostOrLateOnTheWayArrivesAllTheSame) {
  RdmaVolume volume("rxe1");
  volume.add(1, kFaultyBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume, *open_client("rxe0"));
  ASSERT_NE(transport, nullptr);
  for (const char* how : {"loss 1%", "delay 2ms", "loss 1% delay 1ms"}) {
    spoil(how);
    const std::vector<std::byte> value = pattern(256 * kKiB, 1);
    const WriteMove out{value.data(), {1, 1, 0, value.size()}};
    const Status written = transport->write({&out, 1}, soon());
    ASSERT_TRUE(written.ok()) << how << ": " << written.to_string();
    std::vector<std::byte> got(value.size());
    const ReadMove in{got.data(), {1, 1, 0, got.size()}};
    const Status read = transport->read({&in, 1}, soon());
    ASSERT_TRUE(read.ok()) << how << ": " << read.to_string();
    EXPECT_EQ(got, value) << how;
  }
}

TEST_F(RdmaCableTest, whereAllIsLostTheErrorSaysSoAndTheCableThatIsMendedMovesAgain) {
  RdmaVolume volume("rxe1");
  volume.add(1, kFaultyBytes);
  const std::unique_ptr<Transport> transport = open_transport(volume, *open_client("rxe0"));
  ASSERT_NE(transport, nullptr);
  const std::vector<std::byte> value = pattern(100'000, 1);
  const WriteMove out{value.data(), {1, 1, 0, value.size()}};
  ASSERT_TRUE(transport->write({&out, 1}, soon()).ok());
  spoil("loss 100%");
  const Status lost = transport->write({&out, 1}, soon());
  EXPECT_EQ(lost.code(), Code::kUnavailable);
  EXPECT_NE(lost.message().find("the network loses all"), std::string_view::npos) << lost.to_string();
  TearDown();
  const Status again = transport->write({&out, 1}, soon());
  EXPECT_TRUE(again.ok()) << again.to_string();
}

}  // namespace
}  // namespace windlass
