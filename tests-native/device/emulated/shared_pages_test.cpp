#include "device/emulated/shared_pages.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "memory/host_pages.hpp"

namespace windlass {
namespace {

constexpr uint64_t kPieceBytes = 4 * kMiB;

class SharedPagesTest : public testing::Test {
 protected:
  static uint64_t stored_bytes(int descriptor) {
    struct stat found {};
    EXPECT_EQ(fstat(descriptor, &found), 0);
    return static_cast<uint64_t>(found.st_blocks) * 512;
  }

  std::shared_ptr<SharedPages> pages_ = SharedPages::open(kPieceBytes).value();
  const OwnedDescriptor shared_{pages_->share().value()};
};

TEST_F(SharedPagesTest, pagesComeWithPopulatingAndGoWithDiscarding) {
  const HostRange range = HostRange::reserve(kPieceBytes).value();
  EXPECT_EQ(stored_bytes(shared_.number()), 0U);
  ASSERT_TRUE(pages_->map_at(range.address()).ok());
  EXPECT_EQ(stored_bytes(shared_.number()), 0U);
  ASSERT_TRUE(pages_->populate(range.address(), 2 * kMiB, 2 * kMiB).ok());
  EXPECT_EQ(stored_bytes(shared_.number()), 2 * kMiB);
  ASSERT_TRUE(pages_->populate(range.address(), 0, kPieceBytes).ok());
  EXPECT_EQ(stored_bytes(shared_.number()), kPieceBytes);
  EXPECT_EQ(range.resident_bytes(0, kPieceBytes).value(), kPieceBytes);
  pages_->discard();
  EXPECT_EQ(stored_bytes(shared_.number()), 0U);
}

TEST_F(SharedPagesTest, populatingLeavesWhatIsThere) {
  const HostRange range = HostRange::reserve(kPieceBytes).value();
  ASSERT_TRUE(pages_->map_at(range.address()).ok());
  std::memset(range.address(), 3, kPieceBytes);
  const auto second = SharedPages::adopt(shared_.number(), kPieceBytes).value();
  const HostRange other = HostRange::reserve(kPieceBytes).value();
  ASSERT_TRUE(second->map_at(other.address()).ok());
  ASSERT_TRUE(second->populate(other.address(), 0, kPieceBytes).ok());
  EXPECT_EQ(other.address()[kPieceBytes - 1], std::byte{3});
  other.address()[0] = std::byte{4};
  EXPECT_EQ(range.address()[0], std::byte{4});
}

TEST_F(SharedPagesTest, itsSizeIsSealedForAllWhoHaveIt) {
  EXPECT_NE(ftruncate(shared_.number(), 0), 0);
  EXPECT_NE(ftruncate(shared_.number(), 2 * kPieceBytes), 0);
  EXPECT_NE(fcntl(shared_.number(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_EQ(fcntl(shared_.number(), F_GETFD), FD_CLOEXEC);
}

TEST_F(SharedPagesTest, whatIsNoneOfOursIsNotAdopted) {
  const auto refused = [](int descriptor, uint64_t bytes) {
    return SharedPages::adopt(descriptor, bytes).status().code() == Code::kInvalidArgument;
  };
  const OwnedDescriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const OwnedDescriptor unsealed(memfd_create("windlass-test", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(unsealed.number(), kPieceBytes), 0);
  const std::string path = "/proc/self/fd/" + std::to_string(shared_.number());
  const OwnedDescriptor readable(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(readable.valid());
  EXPECT_TRUE(refused(-1, kPieceBytes));
  EXPECT_TRUE(refused(null.number(), kPieceBytes));
  EXPECT_TRUE(refused(unsealed.number(), kPieceBytes)) << "its owner could shrink it, and our access would fault";
  EXPECT_TRUE(refused(readable.number(), kPieceBytes));
  EXPECT_TRUE(refused(shared_.number(), kPieceBytes / 2));
  EXPECT_TRUE(SharedPages::adopt(shared_.number(), kPieceBytes).ok());
}

TEST_F(SharedPagesTest, tooManyOpenFilesIsAnErrorWithAWayOut) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const Status opened = SharedPages::open(kPieceBytes).status();
  const Status shared = pages_->share().status();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  for (const Status& status : {opened, shared}) {
    EXPECT_EQ(status.code(), Code::kNoMemory);
    EXPECT_NE(status.message().find("ulimit -n"), std::string_view::npos) << status.message();
  }
}

}  // namespace
}  // namespace windlass
