// Offers between processes: what a reader sees while the writer changes its memory, and what is left when one is
// killed.
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <random>

#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"
#include "volume/road.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::ChildProcess;
using test::Client;
using test::comes_true;
using test::Road;
using test::road_name;
using test::soon;
using test::TemporaryDirectory;
using test::Way;

constexpr uint64_t kSharedValueBytes = 24 * kMiB;

class OfferProcess : public testing::TestWithParam<Road> {
 protected:
  OfferProcess() {
    near_ = writer_.read_line();
    far_ = writer_.read_line();
    EXPECT_EQ(near_.substr(0, 6), "shm://") << near_;
  }

  std::string uri() const { return GetParam().way == Way::kTcp ? far_ : near_; }

  Client client() const {
    ConnectOptions options;
    options.transport = GetParam().way == Way::kTcp ? TransportKind::kTcp : TransportKind::kShm;
    options.reads_process = !GetParam().by_lanes;
    options.connect_timeout = std::chrono::milliseconds(200);
    Result<VolumeConnection> connection = connect_volume(uri(), options);
    EXPECT_TRUE(connection.ok()) << connection.status().to_string();
    return {connection->control, connection->transport};
  }

  // Reads the value; OK only if all of its bytes are of one step.
  static Status read_once(const Client& client, std::vector<std::byte>* bytes) {
    const AcquireItem item{"a"};
    Result<Acquired> acquired = client.control().acquire({&item, 1}, {}, soon());
    if (!acquired.ok()) return acquired.status();
    bytes->resize(acquired->found[0].bytes);
    const ReadMove move{bytes->data(), acquired->found[0].place.part(0, bytes->size())};
    Status done = client.transport().read({&move, 1}, soon());
    static_cast<void>(client.control().release({&acquired->lease, 1}, soon()).ok());
    if (done.ok() && std::memcmp(bytes->data(), bytes->data() + 1, bytes->size() - 1) != 0) {
      return Status::error(Code::kInternal, "bytes of two steps were read as one value");
    }
    return done;
  }

  TemporaryDirectory directory_;
  ChildProcess writer_{
      {WINDLASS_OFFER_PROGRAM, "offer", directory_.path() + "/socket", std::to_string(kSharedValueBytes)}};
  std::string near_;
  std::string far_;
};

INSTANTIATE_TEST_SUITE_P(All, OfferProcess, testing::Values(Road{Way::kShm}, Road{Way::kShm, true}, Road{Way::kTcp}),
                         [](const testing::TestParamInfo<Road>& road) { return road_name(road.param); });

TEST_P(OfferProcess, aReaderNeverSeesTwoStepsAtOnce) {
  const Client reader = client();
  std::mt19937 random(17);
  std::vector<std::byte> bytes;
  uint64_t whole = 0;
  for (int round = 0; round < 30; ++round) {
    const bool force = random() % 3 == 0;
    writer_.write_line(force ? "force" : "next");
    const Deadline end = soon();
    for (uint64_t reads = random() % 3 + 1; reads != 0 && !end.expired();) {
      const Status done = read_once(reader, &bytes);
      EXPECT_TRUE(done.ok() || done.code() == Code::kState) << done.to_string();
      if (!done.ok()) continue;
      ++whole;
      --reads;
    }
    const std::string version = writer_.read_line();
    EXPECT_NE(version.find_first_of("0123456789"), std::string::npos);
    EXPECT_EQ(version.find_first_not_of("0123456789"), std::string::npos) << version;
  }
  EXPECT_GE(whole, 30U);
}

TEST_P(OfferProcess, aWriterThatIsKilledIsNotReadAsIfItWereThere) {
  const Client reader = client();
  std::vector<std::byte> bytes;
  ASSERT_TRUE(read_once(reader, &bytes).ok());
  writer_.write_line("loop");
  std::atomic<uint64_t> reads{0};
  std::thread killer([&] {
    std::mt19937 random(3);
    // In the midst of one of the next reads.
    for (const uint64_t last = random() % 300; reads < last;) std::this_thread::yield();
    for (uint64_t spins = random() % 50; spins != 0; --spins) std::this_thread::yield();
    writer_.signal(SIGKILL);
  });
  Status last;
  comes_true([&] {
    last = read_once(reader, &bytes);
    ++reads;
    EXPECT_TRUE(last.ok() || last.code() == Code::kState || last.code() == Code::kUnavailable) << last.to_string();
    return last.code() == Code::kUnavailable;
  });
  killer.join();
  EXPECT_EQ(last.code(), Code::kUnavailable);
}

TEST_P(OfferProcess, aReaderThatIsKilledKeepsNobodyWaiting) {
  ChildProcess reader({WINDLASS_OFFER_PROGRAM, "hold", uri()});
  ASSERT_EQ(reader.read_line(), "ready");
  writer_.write_line("try");
  const std::string refused = writer_.read_line();
  EXPECT_NE(refused.find("is being read by"), std::string::npos) << refused;
  writer_.write_line("next");
  reader.signal(SIGKILL);
  EXPECT_EQ(writer_.read_line().find_first_not_of("0123456789"), std::string::npos);
  std::vector<std::byte> bytes;
  EXPECT_TRUE(read_once(client(), &bytes).ok());
  EXPECT_EQ(bytes.front(), std::byte{1});
}

}  // namespace
}  // namespace windlass
