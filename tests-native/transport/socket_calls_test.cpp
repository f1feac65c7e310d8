#include "transport/socket_calls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/owned_descriptor.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

TEST(SocketCallsTest, whatTheKernelRefusesIsANegativeErrno) {
  SocketCalls& calls = SocketCalls::system();
  std::array<std::byte, 1> byte{};
  iovec piece{byte.data(), byte.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  EXPECT_EQ(calls.socket(-1, SOCK_STREAM), -EAFNOSUPPORT);
  EXPECT_EQ(calls.bind(-1, nullptr, 0), -EBADF);
  EXPECT_EQ(calls.listen(-1, 1), -EBADF);
  EXPECT_EQ(calls.connect(-1, nullptr, 0), -EBADF);
  EXPECT_EQ(calls.accept(-1, nullptr, nullptr), -EBADF);
  EXPECT_EQ(calls.set_blocking(-1, true), -EBADF);
  EXPECT_EQ(calls.shut_down(-1), -EBADF);
  EXPECT_EQ(calls.send(-1, message), -EBADF);
  EXPECT_EQ(calls.receive(-1, message), -EBADF);
  epoll_event event{};
  EXPECT_EQ(calls.epoll_control(-1, EPOLL_CTL_ADD, -1, &event), -EBADF);
  EXPECT_EQ(calls.process_open(-1), -EINVAL);
  EXPECT_EQ(calls.unlink("/nowhere/at/all"), -ENOENT);
  EXPECT_EQ(calls.make_directory("/nowhere/at/all", 0700), -ENOENT);
  EXPECT_EQ(calls.set_mode("/nowhere/at/all", 0700), -ENOENT);
  EXPECT_EQ(calls.lock_directory("/nowhere/at/all"), -ENOENT);
  struct stat found {};
  EXPECT_EQ(calls.status("/nowhere/at/all", &found), -ENOENT);
}

TEST(SocketCallsTest, descriptorsAreClosedOnExec) {
  SocketCalls& calls = SocketCalls::system();
  for (const int number : {calls.socket(AF_UNIX, SOCK_STREAM), calls.epoll_open(), calls.event_open()}) {
    const OwnedDescriptor owned(number);
    ASSERT_TRUE(owned.valid());
    EXPECT_NE(fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(SocketCallsTest, aDirectoryIsLockedByOneAtATime) {
  const test::TemporaryDirectory folder;
  SocketCalls& calls = SocketCalls::system();
  OwnedDescriptor first(calls.lock_directory(folder.path().c_str()));
  ASSERT_TRUE(first.valid());
  EXPECT_EQ(calls.lock_directory(folder.path().c_str()), -EWOULDBLOCK);
  first.reset();
  const OwnedDescriptor second(calls.lock_directory(folder.path().c_str()));
  EXPECT_TRUE(second.valid());
}

}  // namespace
}  // namespace windlass
