#include "transport/shm/segment_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "support/pattern.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

class SegmentFileTest : public testing::Test {
 protected:
  std::shared_ptr<SegmentFile> created(uint64_t bytes) {
    Result<std::shared_ptr<SegmentFile>> file = SegmentFile::create(bytes, workers_);
    EXPECT_TRUE(file.ok()) << file.status().to_string();
    return file.ok() ? *file : nullptr;
  }
  MappableFile mappable(const SegmentFile& file, MapFor purpose) {
    Result<OwnedDescriptor> descriptor = file.descriptor(purpose);
    EXPECT_TRUE(descriptor.ok());
    Result<MappableFile> checked = MappableFile::check(*std::move(descriptor), purpose);
    EXPECT_TRUE(checked.ok()) << checked.status().to_string();
    return *std::move(checked);
  }

  WorkerPool workers_{2};
};

// How much of a file has pages behind it.
uint64_t present_bytes(int descriptor) {
  struct stat facts {};
  EXPECT_EQ(fstat(descriptor, &facts), 0);
  return static_cast<uint64_t>(facts.st_blocks) * 512;
}

TEST_F(SegmentFileTest, allPagesAreThereAndZero) {
  const std::shared_ptr<SegmentFile> file = created(80 * kMiB);
  ASSERT_NE(file, nullptr);
  const Result<OwnedDescriptor> descriptor = file->descriptor(MapFor::kReading);
  ASSERT_TRUE(descriptor.ok());
  EXPECT_EQ(present_bytes(descriptor->number()), 80 * kMiB);
  EXPECT_TRUE(std::all_of(file->address(), file->address() + kMiB, [](std::byte b) { return b == std::byte{0}; }));
}

TEST_F(SegmentFileTest, nobodyCanResizeItOrLiftItsSeals) {
  const std::shared_ptr<SegmentFile> file = created(2 * kMiB);
  ASSERT_NE(file, nullptr);
  const Result<OwnedDescriptor> descriptor = file->descriptor(MapFor::kWriting);
  ASSERT_TRUE(descriptor.ok());
  EXPECT_EQ(ftruncate(descriptor->number(), 4096), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(descriptor->number(), 4 << 20), -1);
  EXPECT_EQ(fcntl(descriptor->number(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST_F(SegmentFileTest, aDescriptorForReadingCannotBeMappedForWriting) {
  const std::shared_ptr<SegmentFile> file = created(2 * kMiB);
  ASSERT_NE(file, nullptr);
  const Result<OwnedDescriptor> descriptor = file->descriptor(MapFor::kReading);
  ASSERT_TRUE(descriptor.ok());
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor->number(), 0), MAP_FAILED);
  EXPECT_EQ(errno, EACCES);
  EXPECT_NE(fcntl(descriptor->number(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(SegmentFileTest, whatIsWrittenThroughOneMappingIsReadThroughAnother) {
  const std::shared_ptr<SegmentFile> file = created(4 * kMiB);
  ASSERT_NE(file, nullptr);
  const std::vector<std::byte> bytes = test::pattern(100000, 3);
  Result<MappedRange> written = mappable(*file, MapFor::kWriting).map(5001, bytes.size(), true);
  ASSERT_TRUE(written.ok()) << written.status().to_string();
  EXPECT_EQ(written->bytes(), bytes.size());
  std::memcpy(written->address(), bytes.data(), bytes.size());
  EXPECT_EQ(std::memcmp(file->address() + 5001, bytes.data(), bytes.size()), 0);
  const Result<MappedRange> read = mappable(*file, MapFor::kReading).map(5001, bytes.size(), false);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(std::memcmp(read->address(), bytes.data(), bytes.size()), 0);
}

TEST_F(SegmentFileTest, rangesOutsideTheFileAreRefused) {
  const std::shared_ptr<SegmentFile> file = created(2 * kMiB);
  ASSERT_NE(file, nullptr);
  const MappableFile checked = mappable(*file, MapFor::kReading);
  EXPECT_EQ(checked.map(0, 2 * kMiB + 1, false).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(checked.map(2 * kMiB, 1, false).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(checked.map(UINT64_MAX, 2, false).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(checked.map(0, 0, false).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(checked.map(2 * kMiB - 1, 1, true).ok());
}

TEST_F(SegmentFileTest, whatIsNoSegmentIsNotTrusted) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  std::ofstream(path) << "bytes";
  EXPECT_EQ(
      MappableFile::check(OwnedDescriptor(open(path.c_str(), O_RDWR | O_CLOEXEC)), MapFor::kReading).status().code(),
      Code::kCorrupt);
  EXPECT_EQ(
      MappableFile::check(OwnedDescriptor(open("/dev/zero", O_RDWR | O_CLOEXEC)), MapFor::kReading).status().code(),
      Code::kCorrupt);
  EXPECT_EQ(MappableFile::check(OwnedDescriptor(), MapFor::kReading).status().code(), Code::kCorrupt);
  OwnedDescriptor unsealed(memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(MappableFile::check(std::move(unsealed), MapFor::kReading).status().code(), Code::kCorrupt);
  const std::shared_ptr<SegmentFile> file = created(2 * kMiB);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(MappableFile::check(*file->descriptor(MapFor::kReading), MapFor::kWriting).status().code(), Code::kCorrupt);
}

TEST_F(SegmentFileTest, discardingGivesPagesBackUnderAnOpenDescriptor) {
  const std::shared_ptr<SegmentFile> file = created(4 * kMiB);
  ASSERT_NE(file, nullptr);
  const Result<OwnedDescriptor> kept = file->descriptor(MapFor::kReading);
  ASSERT_TRUE(kept.ok());
  file->discard();
  EXPECT_EQ(present_bytes(kept->number()), 0U);
}

TEST_F(SegmentFileTest, oddSizesAreRefused) {
  EXPECT_EQ(SegmentFile::create(0, workers_).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(SegmentFile::create(kMiB, workers_).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(SegmentFile::create(uint64_t{1} << 60U, workers_).status().code(), Code::kNoMemory);
}

}  // namespace
}  // namespace windlass
