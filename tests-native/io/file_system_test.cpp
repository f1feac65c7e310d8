#include "io/file_system.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "fake/fake_file_calls.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

Result<FileSystem> ask(FileCalls& calls, const std::string& path) {
  const int directory = calls.open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (directory < 0) return file_failure(-directory, "open", path);
  Result<FileSystem> found = file_system_of(calls, directory, path);
  calls.close(directory);
  return found;
}

TEST(FileSystemTest, sharedMemoryIsInMemory) {
  Result<FileSystem> found = ask(FileCalls::system(), "/dev/shm");
  if (!found.ok() || found->name != "tmpfs") GTEST_SKIP() << "SKIPPED: no tmpfs on /dev/shm here";
  EXPECT_TRUE(found->in_memory);
  EXPECT_FALSE(found->network);
}

TEST(FileSystemTest, freeSpaceIsTold) {
  const test::TemporaryDirectory place;
  Result<FileSystem> found = ask(FileCalls::system(), place.path());
  ASSERT_TRUE(found.ok());
  EXPECT_GT(found->free_bytes, 0U);
  EXPECT_FALSE(found->name.empty());
}

TEST(FileSystemTest, aFailureNamesThePath) {
  const test::TemporaryDirectory place;
  fake::FakeFileCalls calls;
  calls.fail_always("file_system", EIO);
  Result<FileSystem> found = ask(calls, place.path());
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(std::string(found.status().message()), HasSubstr(place.path()));
}

TEST(FileSystemTest, eachErrnoHasItsCodeAndItsWayOut) {
  struct Case {
    int cause;
    Code code;
    const char* way_out;
  };
  const Case cases[] = {
      {ENOSPC, Code::kNoSpace, "free some space"},
      {EDQUOT, Code::kNoSpace, "quota"},
      {EFBIG, Code::kNoSpace, "ulimit -f"},
      {EACCES, Code::kPermission, "right to read and write"},
      {EPERM, Code::kPermission, "right to"},
      {EROFS, Code::kPermission, "read-only"},
      {ELOOP, Code::kPermission, "symbolic link"},
      {ENOENT, Code::kNotFound, "not there"},
      {ENOTDIR, Code::kNotFound, "not there"},
      {ENOMEM, Code::kNoMemory, "memory"},
      {EMFILE, Code::kIo, "ulimit -n"},
      {ENFILE, Code::kIo, "fs.file-max"},
      {EIO, Code::kIo, "dmesg"},
      {ESTALE, Code::kIo, "mount"},
      {EBADF, Code::kIo, "errno 9"},
  };
  for (const Case& each : cases) {
    const Status status = file_failure(each.cause, "open", "/a/b");
    EXPECT_EQ(status.code(), each.code) << each.cause;
    EXPECT_EQ(status.system_code(), each.cause);
    EXPECT_THAT(std::string(status.message()), HasSubstr("cannot open /a/b: "));
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.way_out));
  }
}

}  // namespace
}  // namespace windlass
