#include "io/block_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "fake/fake_file_calls.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

class BlockFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.path = place_.path();
    folder_.descriptor = ::open(folder_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE(folder_.descriptor, 0);
  }
  void TearDown() override { ::close(folder_.descriptor); }

  Result<BlockFile> create(bool direct = true) { return BlockFile::create(calls_, folder_, "file", direct); }
  Result<BlockFile> open(const FileIdentity& identity) {
    return BlockFile::open(calls_, folder_, "file", true, identity);
  }
  std::string path() const { return folder_.path + "/file"; }

  test::TemporaryDirectory place_;
  Folder folder_;
  fake::FakeFileCalls calls_;
};

TEST_F(BlockFileTest, itIsForItsOwnerOnlyWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0777}, mode_t{0022}}) {
    const mode_t before = umask(mask);
    Result<BlockFile> file = create();
    umask(before);
    ASSERT_TRUE(file.ok());
    struct stat found {};
    ASSERT_EQ(stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777U, 0600U);
    ::unlink(path().c_str());
  }
}

TEST_F(BlockFileTest, whatIsThereAlreadyIsNotReplaced) {
  Result<BlockFile> first = create();
  ASSERT_TRUE(first.ok());
  Result<BlockFile> second = create();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().system_code(), EEXIST);
  EXPECT_EQ(place_.names().size(), 1U);
}

TEST_F(BlockFileTest, aLinkIsNotFollowed) {
  ASSERT_EQ(symlink("elsewhere", path().c_str()), 0);
  EXPECT_FALSE(create().ok());
  Result<BlockFile> opened = open({});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), Code::kPermission);
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("symbolic link"));
  EXPECT_FALSE(place_.names().contains("elsewhere"));
}

TEST_F(BlockFileTest, anotherFileInItsPlaceIsRefused) {
  const FileIdentity identity = create().value().identity();
  EXPECT_TRUE(open(identity).ok());
  // The first stays by another name, so that its inode is not used again.
  ASSERT_EQ(rename(path().c_str(), (path() + "-moved").c_str()), 0);
  Result<BlockFile> gone = open(identity);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.status().code(), Code::kNotFound);
  ASSERT_TRUE(create().ok());
  Result<BlockFile> other = open(identity);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.status().code(), Code::kPermission);
}

TEST_F(BlockFileTest, directTransfersAreHadWhereTheFileSystemHasThem) {
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(is_power_of_two(file->alignment_bytes()));
  if (!file->direct()) GTEST_SKIP() << "SKIPPED: no direct transfers in " << folder_.path;
  EXPECT_NE(fcntl(file->descriptor(), F_GETFL) & O_DIRECT, 0);
}

TEST_F(BlockFileTest, withoutDirectTransfersItIsBuffered) {
  calls_.fail_always("set_direct", EINVAL);
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->direct());
  EXPECT_EQ(file->alignment_bytes(), 1U);
  EXPECT_EQ(fcntl(file->descriptor(), F_GETFL) & O_DIRECT, 0);
}

TEST_F(BlockFileTest, bufferedIsHadWhenItIsAskedFor) {
  Result<BlockFile> file = create(false);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->direct());
  EXPECT_EQ(calls_.count("set_direct"), 0U);
}

TEST_F(BlockFileTest, spaceIsTakenBeforeTheFirstByte) {
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->reserve(3 * kMiB).ok());
  struct stat found {};
  ASSERT_EQ(fstat(file->descriptor(), &found), 0);
  EXPECT_EQ(found.st_size, static_cast<off_t>(3 * kMiB));
  EXPECT_GE(static_cast<uint64_t>(found.st_blocks) * 512, 3 * kMiB);
  ASSERT_TRUE(file->reserve(kMiB).ok());
  EXPECT_EQ(file->bytes(), 3 * kMiB) << "it does not shrink";
  ASSERT_TRUE(file->truncate(kMiB).ok());
  EXPECT_EQ(file->bytes(), kMiB);
  EXPECT_TRUE(file->sync().ok());
}

TEST_F(BlockFileTest, moreThanThereIsIsRefusedWithWhatIsMissing) {
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  const Status refused = file->reserve(uint64_t{1} << 60);
  EXPECT_EQ(refused.code(), Code::kNoSpace);
  for (const char* part : {"are wanted", "are free", "are missing", folder_.path.c_str(), "choose another directory"}) {
    EXPECT_THAT(std::string(refused.message()), HasSubstr(part));
  }
  EXPECT_EQ(file->bytes(), 0U);
}

TEST_F(BlockFileTest, aDiskThatFillsUpLeavesTheFileAsItWas) {
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->reserve(kMiB).ok());
  for (const int cause : {ENOSPC, EDQUOT}) {
    calls_.fail_nth("allocate", 1, cause);
    const Status refused = file->reserve(8 * kMiB);
    EXPECT_EQ(refused.code(), Code::kNoSpace);
    EXPECT_EQ(refused.system_code(), cause);
    struct stat found {};
    ASSERT_EQ(fstat(file->descriptor(), &found), 0);
    EXPECT_EQ(found.st_size, static_cast<off_t>(kMiB));
  }
  EXPECT_TRUE(file->reserve(8 * kMiB).ok());
}

TEST_F(BlockFileTest, aFileSystemThatCannotReserveIsTrusted) {
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  calls_.fail_always("allocate", EOPNOTSUPP);
  EXPECT_TRUE(file->reserve(8 * kMiB).ok());
  EXPECT_EQ(file->bytes(), 8 * kMiB);
  EXPECT_EQ(file->reserve(uint64_t{1} << 60).code(), Code::kNoSpace);
}

TEST_F(BlockFileTest, theLimitOfFileSizesIsAnErrorAndNotASignal) {
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small { kMiB, before.rlim_max };
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status refused = file->reserve(2 * kMiB);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(refused.code(), Code::kNoSpace);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("ulimit -f"));
}

TEST_F(BlockFileTest, aFailureAtAnyStepLeavesNoFile) {
  for (uint64_t step = 1;; ++step) {
    calls_.fail_at(step, EIO);
    std::optional<Status> made;
    {
      Result<BlockFile> file = create();
      made = file.ok() ? file->reserve(kMiB) : file.status();
      if (file.ok()) ::unlink(path().c_str());
    }
    const bool failed = calls_.failed();
    calls_.forgive();
    EXPECT_TRUE(place_.names().empty()) << "after step " << step << ", " << calls_.last_failure();
    // That direct transfers are refused is no failure.
    EXPECT_EQ(made->ok(), !failed || calls_.last_failure() == "set_direct") << step;
    if (!failed) break;
  }
}

TEST_F(BlockFileTest, aFailedSyncIsTold) {
  Result<BlockFile> file = create();
  ASSERT_TRUE(file.ok());
  calls_.fail_nth("sync_data", 1, EIO);
  EXPECT_EQ(file->sync().code(), Code::kIo);
  EXPECT_THAT(std::string(file->failure(EIO, "write", 4096).message()), HasSubstr("cannot write at offset 4096 of "));
}

}  // namespace
}  // namespace windlass
