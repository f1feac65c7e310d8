// The daemon as a process: what it prints, how it ends, and what it leaves behind.
#include <gtest/gtest.h>

#include <fstream>

#include "base/text.hpp"
#include "support/child_process.hpp"
#include "support/pattern.hpp"
#include "support/temporary_directory.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::ChildProcess;
using test::pattern;

TEST(WindlassdTest, listensPrintsItsAddressesServesAndEndsOnASignal) {
  for (const int number : {SIGTERM, SIGINT}) {
    test::TemporaryDirectory directory;
    const std::string socket = text(directory.path(), "/volume.sock");
    ChildProcess daemon({WINDLASS_DAEMON, "--listen", text("shm://", socket), "--listen", "tcp://127.0.0.1:0",
                         "--print-address", "--limit", "64MiB", "--log", "error"});
    EXPECT_EQ(daemon.read_line(), text("shm://", socket));
    const std::string tcp = daemon.read_line();
    EXPECT_EQ(tcp.substr(0, 16), "tcp://127.0.0.1:");
    ConnectOptions options;
    options.transport = TransportKind::kTcp;
    {
      const Result<VolumeConnection> near = connect_volume(text("shm://", socket), {});
      const Result<VolumeConnection> far = connect_volume(tcp, options);
      ASSERT_TRUE(near.ok() && far.ok());
      const test::Client writer(near->control, near->transport);
      const test::Client reader(far->control, far->transport);
      ASSERT_TRUE(writer.put({{"a", pattern(1 << 20, 1), {}}}).ok());
      EXPECT_EQ(*reader.get("a"), pattern(1 << 20, 1));
      // With clients connected, and one in the middle of a put.
      const uint64_t size = 100;
      ASSERT_TRUE(near->control->prepare({&size, 1}, test::soon()).ok());
      daemon.signal(number);
      EXPECT_EQ(daemon.wait(), 0);
    }
    EXPECT_TRUE(directory.names().empty());
    EXPECT_EQ(connect_volume(tcp, options).status().code(), Code::kUnavailable);
  }
}

TEST(WindlassdTest, aSecretComesFromItsFile) {
  test::TemporaryDirectory directory;
  const std::string path = text(directory.path(), "/secret");
  std::ofstream(path) << test::kSecret << "\n";
  chmod(path.c_str(), 0600);
  ChildProcess daemon({WINDLASS_DAEMON, "--listen", "tcp://127.0.0.1:0", "--print-address", "--secret-file", path,
                       "--limit", "64MiB", "--log", "error"});
  const std::string uri = daemon.read_line();
  EXPECT_EQ(connect_volume(uri, {}).status().code(), Code::kPermission);
  ConnectOptions options;
  options.secret = test::kSecret;
  EXPECT_TRUE(connect_volume(uri, options).ok());
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
}

TEST(WindlassdTest, whatItCannotDoEndsItWithAStatus) {
  EXPECT_EQ(ChildProcess({WINDLASS_DAEMON, "--frob"}).wait(), 2);
  EXPECT_EQ(ChildProcess({WINDLASS_DAEMON}).wait(), 2);
  EXPECT_EQ(ChildProcess({WINDLASS_DAEMON, "--listen", "tcp://0.0.0.0:0", "--limit", "64MiB"}).wait(), 1);
  EXPECT_EQ(ChildProcess({WINDLASS_DAEMON, "--listen", "tcp://127.0.0.1:0", "--secret-file", "/nowhere"}).wait(), 1);
  ChildProcess help({WINDLASS_DAEMON, "--help"});
  EXPECT_EQ(help.read_line().substr(0, 9), "windlassd");
  EXPECT_EQ(help.wait(), 0);
  ChildProcess version({WINDLASS_DAEMON, "--version"});
  EXPECT_EQ(version.read_line().substr(0, 9), "windlassd");
  EXPECT_EQ(version.wait(), 0);
}

}  // namespace
}  // namespace windlass
