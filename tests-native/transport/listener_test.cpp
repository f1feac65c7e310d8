#include "transport/listener.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "fake/fake_socket_calls.hpp"
#include "support/soon.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

using fake::FakeSocketCalls;
using test::TemporaryDirectory;

using test::soon;

// Leaves the socket file of a listener that died.
void leave_dead_socket(const Address& address) {
  const TemporaryDirectory folder;
  const std::string kept = address.path + ".kept";
  {
    const Listener listener = Listener::open(address).value();
    std::filesystem::create_hard_link(address.path, kept);
  }
  std::filesystem::rename(kept, address.path);
}

TEST(ListenerTest, itRemovesItsSocketWithItsEnd) {
  const TemporaryDirectory folder;
  const Address address = address_of_path(folder.path() + "/s").value();
  Listener listener = Listener::open(address).value();
  struct stat file {};
  ASSERT_EQ(stat(address.path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  Listener moved = std::move(listener);
  EXPECT_TRUE(std::filesystem::exists(address.path));
  moved.close();
  EXPECT_TRUE(folder.names().empty());
}

TEST(ListenerTest, aDeadListenersSocketIsReplacedAndALivingOnesIsNot) {
  const TemporaryDirectory folder;
  const Address address = address_of_path(folder.path() + "/s").value();
  leave_dead_socket(address);
  ASSERT_TRUE(std::filesystem::exists(address.path));
  const Result<Listener> listener = Listener::open(address);
  ASSERT_TRUE(listener.ok()) << listener.status().to_string();
  EXPECT_EQ(Listener::open(address).status().code(), Code::kState);
  EXPECT_TRUE(Stream::connect(address, soon()).ok());
}

TEST(ListenerTest, aSocketThatSomebodyElsePutThereStays) {
  const TemporaryDirectory folder;
  const Address address = address_of_path(folder.path() + "/s").value();
  Listener first = Listener::open(address).value();
  ASSERT_EQ(unlink(address.path.c_str()), 0);
  const Listener second = Listener::open(address).value();
  first.close();
  EXPECT_TRUE(std::filesystem::exists(address.path));
}

TEST(ListenerTest, aFileThatIsNoSocketIsLeftAlone) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/file";
  const OwnedDescriptor file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  EXPECT_EQ(Listener::open(address_of_path(path).value()).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(ListenerTest, ofManyThatOpenOneAddressAtOnceOneWins) {
  const TemporaryDirectory folder;
  const Address address = address_of_path(folder.path() + "/s").value();
  leave_dead_socket(address);
  std::vector<Result<Listener>> opened;
  for (int at = 0; at < 8; ++at) opened.emplace_back(Status::error(Code::kInternal, "not run"));
  std::vector<std::thread> threads;
  for (Result<Listener>& one : opened) threads.emplace_back([&] { one = Listener::open(address); });
  for (std::thread& thread : threads) thread.join();
  size_t winners = 0;
  for (const Result<Listener>& one : opened) {
    if (one.ok()) ++winners;
    EXPECT_EQ(one.status().code(), one.ok() ? Code::kOk : Code::kState) << one.status().to_string();
  }
  EXPECT_EQ(winners, 1U);
  EXPECT_TRUE(Stream::connect(address, soon()).ok());
}

TEST(ListenerTest, theDirectoryOfNamesIsClosedToOthers) {
  const TemporaryDirectory folder;
  Address address = address_of_path(folder.path() + "/names/volume.sock").value();
  address.name = "volume";
  {
    const Result<Listener> listener = Listener::open(address);
    ASSERT_TRUE(listener.ok()) << listener.status().to_string();
    struct stat made {};
    ASSERT_EQ(stat((folder.path() + "/names").c_str(), &made), 0);
    EXPECT_EQ(made.st_mode & 0777U, 0700U);
  }
  ASSERT_EQ(chmod((folder.path() + "/names").c_str(), 0755), 0);
  EXPECT_EQ(Listener::open(address).status().code(), Code::kPermission);
  std::filesystem::remove_all(folder.path() + "/names");
  std::filesystem::create_directory(folder.path() + "/elsewhere");
  std::filesystem::create_symlink(folder.path() + "/elsewhere", folder.path() + "/names");
  EXPECT_EQ(Listener::open(address).status().code(), Code::kPermission);
}

TEST(ListenerTest, aPortThatIsTakenIsAState) {
  const Listener listener = Listener::open(parse_address("tcp://127.0.0.1:0").value()).value();
  EXPECT_NE(listener.address().port, 0);
  EXPECT_EQ(Listener::open(listener.address()).status().code(), Code::kState);
}

TEST(ListenerTest, aHostOfAnotherMachineIsNotFound) {
  EXPECT_EQ(Listener::open(parse_address("tcp://192.0.2.1:0").value()).status().code(), Code::kNotFound);
}

TEST(ListenerTest, whoeverConnectsIsNamed) {
  const TemporaryDirectory folder;
  for (const std::string& uri : {"shm://" + folder.path() + "/s", std::string("tcp://127.0.0.1:0")}) {
    Listener listener = Listener::open(parse_address(uri).value()).value();
    EXPECT_FALSE(listener.accept_now().value().has_value());
    const Stream client = Stream::connect(listener.address(), soon()).value();
    const std::optional<Stream> accepted = listener.accept_now().value();
    ASSERT_TRUE(accepted.has_value());
    const std::string expected = listener.address().kind == Address::Kind::kUnix ? "process " : "127.0.0.1:";
    EXPECT_EQ(accepted->peer().compare(0, expected.size(), expected), 0) << accepted->peer();
  }
}

TEST(ListenerTest, acceptingTellsAShortageFromAClientThatWentAway) {
  FakeSocketCalls calls;
  Listener listener = Listener::open(parse_address("tcp://127.0.0.1:0").value(), &calls).value();
  const Stream client = Stream::connect(listener.address(), soon()).value();
  calls.fail_nth("accept", 1, EMFILE);
  EXPECT_EQ(listener.accept_now().status().code(), Code::kNoMemory);
  calls.fail_nth("accept", 1, ECONNABORTED);
  EXPECT_FALSE(listener.accept_now().value().has_value());
  calls.interrupt();
  EXPECT_TRUE(listener.accept_now().value().has_value());
}

TEST(ListenerTest, everyStepOfOpeningMayFailAndLeavesNoFile) {
  const TemporaryDirectory folder;
  Address named = address_of_path(folder.path() + "/names/volume.sock").value();
  named.name = "volume";
  for (const Address& address : {named, parse_address("tcp://127.0.0.1:0").value()}) {
    uint64_t failures = 0;
    for (uint64_t step = 1; step < 100; ++step) {
      FakeSocketCalls calls;
      calls.fail_at(step, EIO);
      {
        const Result<Listener> listener = Listener::open(address, &calls);
        const bool reached = calls.failed();
        calls.forgive();
        if (!reached) break;
        const std::string call = calls.last_failure();
        EXPECT_TRUE(!listener.ok() || call == "lock_directory") << call;
        if (!listener.ok()) ++failures;
      }
      EXPECT_FALSE(std::filesystem::exists(named.path)) << calls.last_failure();
    }
    EXPECT_GE(failures, 4U);
  }
}

}  // namespace
}  // namespace windlass
