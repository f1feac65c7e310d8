#include "volume/volume_client.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "support/child_process.hpp"
#include "support/pattern.hpp"
#include "transport/listener.hpp"
#include "volume/replies.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::ChildProcess;
using test::Client;
using test::comes_true;
using test::pattern;
using test::soon;
using test::Way;

// A volume in a process of its own, which can be stopped, killed, and started again at the same addresses.
class FarVolume {
 public:
  FarVolume() { start("tcp://127.0.0.1:0"); }

  void start(const std::string& tcp) {
    child_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{WINDLASS_DAEMON, "--listen", text("shm://", directory_.path(), "/volume.sock"),
                                 "--listen", tcp, "--print-address", "--limit", "64MiB", "--log", "error"});
    unix_ = child_->read_line();
    tcp_ = child_->read_line();
    EXPECT_FALSE(tcp_.empty());
  }
  void restart() {
    child_->kill();
    start(tcp_);
  }
  ChildProcess& process() { return *child_; }
  const std::string& uri(Way way) const { return way == Way::kTcp ? tcp_ : unix_; }

  VolumeConnection connect(Way way, std::chrono::nanoseconds connect_timeout = std::chrono::seconds(30)) const {
    ConnectOptions options;
    options.connect_timeout = connect_timeout;
    if (way == Way::kTcp) options.transport = TransportKind::kTcp;
    Result<VolumeConnection> made = connect_volume(uri(way), options);
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    return *std::move(made);
  }

 private:
  test::TemporaryDirectory directory_;
  std::unique_ptr<ChildProcess> child_;
  std::string unix_;
  std::string tcp_;
};

class VolumeClientTest : public testing::TestWithParam<Way> {
 protected:
  FarVolume volume_;
};

INSTANTIATE_TEST_SUITE_P(All, VolumeClientTest, testing::Values(Way::kShm, Way::kTcp),
                         [](const testing::TestParamInfo<Way>& way) { return test::way_name(way.param); });

TEST_P(VolumeClientTest, aVolumeThatHangsEndsCallsWithinTheirTime) {
  const VolumeConnection connection = volume_.connect(GetParam());
  const Client one(connection.control, connection.transport);
  ASSERT_TRUE(one.put({{"a", pattern(10, 1), {}}}).ok());
  volume_.process().stop();
  const auto moment = [] { return Deadline::after(std::chrono::milliseconds(50)); };
  EXPECT_EQ(one.control().info(moment()).status().code(), Code::kTimeout);
  const AcquireItem item{"a"};
  EXPECT_EQ(one.control().acquire({&item, 1}, {}, moment()).status().code(), Code::kTimeout);
  const uint64_t size = 100;
  EXPECT_EQ(one.control().prepare({&size, 1}, moment()).status().code(), Code::kTimeout);
  volume_.process().go_on();
  // What came too late is given back.
  EXPECT_TRUE(comes_true([&] { return one.info().leases == 0 && one.info().prepared_slots == 0; }));
  EXPECT_EQ(connection.connections(), 1U);
  EXPECT_TRUE(one.get("a").ok());
}

TEST_P(VolumeClientTest, aVolumeThatHangsHoldsNoThreadBeyondItsOwnTime) {
  const VolumeConnection connection = volume_.connect(GetParam());
  volume_.process().stop();
  std::vector<std::thread> threads;
  for (int at = 0; at < 8; ++at) {
    threads.emplace_back([&, at] {
      const Deadline deadline = Deadline::after(std::chrono::milliseconds(10 * at));
      EXPECT_EQ(connection.control->info(deadline).status().code(), Code::kTimeout);
    });
  }
  for (std::thread& thread : threads) thread.join();
  volume_.process().go_on();
  EXPECT_TRUE(connection.control->info(soon()).ok());
}

TEST_P(VolumeClientTest, aVolumeThatIsKilledIsUnavailableAndTheNextOneIsUsed) {
  const VolumeConnection connection = volume_.connect(GetParam());
  const Client one(connection.control, connection.transport);
  const uint64_t first_nonce = connection.volume_nonce();
  const std::vector<std::byte> value = pattern(8 << 20, 1);
  ASSERT_TRUE(one.put({{"a", value, {}}}).ok());
  const AcquireItem item{"a"};
  const Result<Acquired> acquired = one.control().acquire({&item, 1}, {}, soon());
  ASSERT_TRUE(acquired.ok());
  std::vector<std::byte> got(value.size());
  const ReadMove move{got.data(), acquired->found[0].place.part(0, got.size())};
  std::atomic<bool> reading{false};
  std::thread reader([&] {
    // It ends, one way or the other: what is mapped outlives the volume, what comes over sockets does not.
    while (one.transport().read({&move, 1}, soon()).ok() && GetParam() == Way::kTcp) reading = true;
    reading = true;
  });
  EXPECT_TRUE(comes_true([&] { return reading.load(); }));
  volume_.process().kill();
  reader.join();
  volume_.start(volume_.uri(Way::kTcp));
  // Calls that change nothing are made again by themselves.
  const Result<VolumeInfo> info = one.control().info(soon());
  ASSERT_TRUE(info.ok()) << info.status().to_string();
  EXPECT_EQ(info->entries, 0U);
  EXPECT_NE(info->nonce, first_nonce);
  EXPECT_EQ(connection.volume_nonce(), info->nonce);
  EXPECT_EQ(connection.connections(), 2U);
  // What was of the one before is nothing here.
  EXPECT_TRUE(one.control().release({&acquired->lease, 1}, soon()).ok());
  EXPECT_FALSE(one.transport().read({&move, 1}, soon()).ok());
  ASSERT_TRUE(one.put({{"a", value, {}}}).ok());
  EXPECT_EQ(*one.get("a"), value);
}

TEST_P(VolumeClientTest, tokensFromBeforeAreRefused) {
  const VolumeConnection connection = volume_.connect(GetParam());
  const uint64_t size = 100;
  const Result<std::vector<RemoteRange>> before = connection.control->prepare({&size, 1}, soon());
  ASSERT_TRUE(before.ok());
  volume_.restart();
  const Result<std::vector<RemoteRange>> after = connection.control->prepare({&size, 1}, soon());
  ASSERT_TRUE(after.ok()) << after.status().to_string();
  CommitItem item;
  item.key = "a";
  item.bytes = size;
  item.token = (*before)[0].token;
  EXPECT_EQ(connection.control->commit({&item, 1}, {}, soon()).status().code(), Code::kInvalidArgument);
  const std::vector<std::byte> value = pattern(size, 1);
  const WriteMove stale{value.data(), (*before)[0]};
  EXPECT_FALSE(connection.transport->write({&stale, 1}, soon()).ok());
  const WriteMove fresh{value.data(), (*after)[0]};
  EXPECT_TRUE(connection.transport->write({&fresh, 1}, soon()).ok());
  item.token = (*after)[0].token;
  EXPECT_TRUE(connection.control->commit({&item, 1}, {}, soon()).ok());
}

TEST_P(VolumeClientTest, aVolumeThatDoesNotComeBackIsUnavailable) {
  const VolumeConnection connection = volume_.connect(GetParam(), std::chrono::milliseconds(200));
  volume_.process().kill();
  EXPECT_EQ(connection.control->info(soon()).status().code(), Code::kUnavailable);
  EXPECT_EQ(connection.control->info(soon()).status().code(), Code::kUnavailable);
}

TEST_P(VolumeClientTest, goodbyeIsSaid) {
  const VolumeConnection stays = volume_.connect(GetParam());
  {
    const VolumeConnection leaves = volume_.connect(GetParam());
    const uint64_t size = 100;
    ASSERT_TRUE(leaves.control->prepare({&size, 1}, soon()).ok());
    EXPECT_EQ(stays.control->info(soon())->sessions, 2U);
  }
  EXPECT_EQ(stays.control->info(soon())->prepared_slots, 0U);
  EXPECT_EQ(stays.control->info(soon())->orphaned_slots, 0U);
}

// A volume that greets, and then says what it is told to.
class LyingVolume {
 public:
  explicit LyingVolume(std::vector<std::byte> answer) : answer_(std::move(answer)) {
    const Result<Address> address = parse_address(text("shm://", directory_.path(), "/liar.sock"));
    listener_ = *Listener::open(*address);
    thread_ = std::thread([this] { serve(); });
  }
  ~LyingVolume() { thread_.join(); }
  std::string uri() const { return listener_.address().to_string(); }

 private:
  void serve() {
    Stream stream;
    while (!stream.valid()) {
      Result<std::optional<Stream>> accepted = listener_.accept_now();
      ASSERT_TRUE(accepted.ok());
      if (accepted->has_value()) stream = **std::move(accepted);
      std::this_thread::yield();
    }
    HandshakeHost host;
    host.volume_nonce = 1;
    host.open_session = [] { return Result<SessionGrant>(SessionGrant{1, {}}); };
    ServerHandshake handshake(host);
    bool admitted = false;
    while (!admitted) {
      Result<size_t> got = stream.receive_some(handshake.room(), soon());
      ASSERT_TRUE(got.ok());
      std::vector<std::byte> output;
      Result<bool> arrived = handshake.arrived(*got, output);
      ASSERT_TRUE(arrived.ok());
      ASSERT_TRUE(stream.send_all(output, soon()).ok());
      admitted = *arrived;
    }
    std::array<std::byte, 256> request{};
    ASSERT_TRUE(stream.receive_some(request, soon()).ok());
    static_cast<void>(stream.send_all(answer_, soon()).ok());
    // The client goes.
    while (stream.receive_some(request, soon()).ok()) {
    }
  }

  test::TemporaryDirectory directory_;
  const std::vector<std::byte> answer_;
  Listener listener_;
  std::thread thread_;
};

std::vector<std::byte> reply_frame(Message type, uint64_t id, std::span<const std::byte> payload) {
  std::vector<std::byte> bytes;
  FrameWriter frame(bytes, static_cast<uint16_t>(static_cast<uint16_t>(type) | kReplyBit), id);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  EXPECT_TRUE(frame.finish().ok());
  return bytes;
}

TEST(LyingVolumeTest, whatAVolumeSaysIsChecked) {
  std::vector<std::byte> info;
  Encoder out(info);
  encode_info({}, out);
  std::vector<std::vector<std::byte>> lies;
  lies.push_back(pattern(200, 5));                                            // no frame
  lies.push_back(reply_frame(Message::kInfo, 77, info));                      // to a request that nobody made
  lies.push_back(reply_frame(Message::kPin, 1, info));                        // to another one
  lies.push_back(reply_frame(Message::kInfo, 1, std::span(info).first(10)));  // cut short
  for (std::vector<std::byte>& lie : lies) {
    LyingVolume volume(std::move(lie));
    Result<VolumeConnection> connection = connect_volume(volume.uri(), {});
    ASSERT_TRUE(connection.ok()) << connection.status().to_string();
    EXPECT_EQ(connection->control->info(soon()).status().code(), Code::kCorrupt);
  }
}

}  // namespace
}  // namespace windlass
