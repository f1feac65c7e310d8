#include "io/file_calls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <array>
#include <cerrno>
#include <string>

#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

TEST(FileCallsTest, aFileIsMadeWrittenReadAndRemoved) {
  const test::TemporaryDirectory place;
  FileCalls& calls = FileCalls::system();
  const std::string name = place.path() + "/file";
  const int file = calls.open_at(AT_FDCWD, name.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
  ASSERT_GE(file, 0);
  EXPECT_EQ(fcntl(file, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(calls.truncate(file, 4096), 0);
  EXPECT_EQ(calls.write_at(file, "abc", 3, 4094), 3);
  EXPECT_EQ(calls.sync_data(file), 0);
  std::array<char, 8> read{};
  EXPECT_EQ(calls.read_at(file, read.data(), read.size(), 4094), 3);
  EXPECT_STREQ(read.data(), "abc");
  struct statx status {};
  EXPECT_EQ(calls.status(file, &status), 0);
  EXPECT_EQ(status.stx_size, 4097U);
  struct statfs system {};
  EXPECT_EQ(calls.file_system(file, &system), 0);
  EXPECT_GT(system.f_bsize, 0);
  calls.close(file);
  EXPECT_EQ(calls.unlink_at(AT_FDCWD, name.c_str()), 0);
  EXPECT_TRUE(place.names().empty());
}

TEST(FileCallsTest, aSyncMayBeginBeforeItIsWaitedFor) {
  const test::TemporaryDirectory place;
  FileCalls& calls = FileCalls::system();
  const std::string name = place.path() + "/file";
  const int file = calls.open_at(AT_FDCWD, name.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
  ASSERT_GE(file, 0);
  const std::string bytes(1 << 20, 'x');
  ASSERT_EQ(calls.write_at(file, bytes.data(), bytes.size(), 0), static_cast<int64_t>(bytes.size()));
  calls.begin_sync(file, 0, bytes.size());
  calls.begin_sync(file, 10 * bytes.size(), bytes.size());  // where nothing is
  calls.begin_sync(-1, 0, bytes.size());                    // what fails is told by the sync itself
  EXPECT_EQ(calls.sync(file), 0);
  std::string read(bytes.size(), ' ');
  EXPECT_EQ(calls.read_at(file, read.data(), read.size(), 0), static_cast<int64_t>(read.size()));
  EXPECT_TRUE(read == bytes);
  calls.close(file);
}

TEST(FileCallsTest, whatFailsIsANegativeErrno) {
  FileCalls& calls = FileCalls::system();
  std::array<char, 8> bytes{};
  struct statx status {};
  struct statfs system {};
  EXPECT_EQ(calls.open_at(AT_FDCWD, "/nowhere/file", O_RDWR, 0), -ENOENT);
  EXPECT_EQ(calls.unlink_at(AT_FDCWD, "/nowhere/file"), -ENOENT);
  EXPECT_EQ(calls.set_mode(-1, 0), -EBADF);
  EXPECT_EQ(calls.set_direct(-1, true), -EBADF);
  EXPECT_EQ(calls.status(-1, &status), -EBADF);
  EXPECT_EQ(calls.file_system(-1, &system), -EBADF);
  EXPECT_EQ(calls.allocate(-1, 1), -EBADF);
  EXPECT_LT(calls.truncate(-1, 1), 0);
  EXPECT_EQ(calls.sync_data(-1), -EBADF);
  EXPECT_EQ(calls.read_at(-1, bytes.data(), 1, 0), -EBADF);
  EXPECT_EQ(calls.write_at(-1, bytes.data(), 1, 0), -EBADF);
  EXPECT_LT(calls.uring_setup(0, nullptr), 0);
  EXPECT_LT(calls.uring_enter(-1, 0, 0, 0), 0);
  EXPECT_LT(calls.uring_register(-1, IORING_REGISTER_FILES, nullptr, 0), 0);
}

}  // namespace
}  // namespace windlass
