#include "backup/lane.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "fake/fake_file_calls.hpp"
#include "support/pattern.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

constexpr uint64_t kBlockBytes = kHugePageBytes;
constexpr uint64_t kBlocks = 7;

class LaneTest : public testing::TestWithParam<IoEngine> {
 protected:
  void SetUp() override {
    folder_ = {::open(place_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), place_.path()};
    LaneOptions options;
    options.depth = 3;
    options.engine = GetParam();
    options.calls = &calls_;
    Result<std::unique_ptr<Lane>> lane = Lane::open(options);
    if (!lane.ok()) GTEST_SKIP() << "SKIPPED: " << lane.status().message();
    lane_ = *std::move(lane);
    file_ = BlockFile::create(calls_, folder_, "file", true).value();
    lane_->attach(&file_);
  }
  void TearDown() override {
    lane_.reset();
    file_.close();
    ::close(folder_.descriptor);
  }

  Status write(uint64_t block, uint64_t bytes = kBlockBytes) {
    const uint32_t slot = lane_->take_slot();
    std::memcpy(lane_->memory(slot), content_.data() + block * kBlockBytes, bytes);
    return lane_->write(slot, block * kBlockBytes, bytes);
  }
  void write_all() {
    for (uint64_t block = 0; block < kBlocks; ++block) ASSERT_TRUE(write(block).ok());
    lane_->collect(true);
    ASSERT_EQ(lane_->written_bytes(kBlocks * kBlockBytes), kBlocks * kBlockBytes);
  }
  Status read(uint64_t block) {
    Result<std::span<std::byte>> chunk = lane_->chunk(block * kBlockBytes, kBlockBytes, kBlocks * kBlockBytes);
    if (!chunk.ok()) return chunk.status();
    EXPECT_EQ(std::memcmp(chunk->data(), content_.data() + block * kBlockBytes, kBlockBytes), 0) << block;
    return Status();
  }

  const std::vector<std::byte> content_ = test::pattern(kBlocks * kBlockBytes, 5);
  const test::TemporaryDirectory place_;
  fake::FakeFileCalls calls_;
  Folder folder_;
  BlockFile file_;
  std::unique_ptr<Lane> lane_;
};

TEST_P(LaneTest, whatIsWrittenIsReadInOrderAndOutOfIt) {
  write_all();
  for (uint64_t block = 0; block < kBlocks; ++block) ASSERT_TRUE(read(block).ok());
  for (const uint64_t block : {6U, 5U, 0U, 0U, 1U, 4U, 5U, 2U}) ASSERT_TRUE(read(block).ok());
}

TEST_P(LaneTest, aShortBlockIsPaddedWithZeros) {
  std::memset(lane_->memory(0), 0xFF, 3 * kBlockBytes);
  ASSERT_TRUE(write(0, 1000).ok());
  lane_->collect(true);
  std::vector<std::byte> found(8192, std::byte{1});
  const int plain = ::open(file_.path().c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t bytes = pread(plain, found.data(), found.size(), 0);
  ::close(plain);
  ASSERT_GE(bytes, 1000);
  EXPECT_EQ(static_cast<uint64_t>(bytes) % file_.alignment_bytes(), 0U);
  for (ssize_t at = 1000; at < bytes; ++at) ASSERT_EQ(found[static_cast<size_t>(at)], std::byte{0});
}

TEST_P(LaneTest, aFailedWriteEndsWhatIsSurelyWritten) {
  const char* const result = GetParam() == IoEngine::kUring ? "uring_result" : "write_at";
  ASSERT_TRUE(write(0).ok());
  lane_->collect(true);
  calls_.fail_nth(result, 1, EIO);
  (void)write(1);
  lane_->collect(true);
  (void)write(2);
  lane_->collect(true);
  EXPECT_EQ(lane_->written_bytes(3 * kBlockBytes), kBlockBytes);
  EXPECT_EQ(lane_->write_failure().code(), Code::kIo);
  lane_->attach(&file_);
  EXPECT_TRUE(lane_->write_failure().ok());
}

TEST_P(LaneTest, aFailedReadIsToldAndTheNextReadsAnew) {
  write_all();
  calls_.fail_always(GetParam() == IoEngine::kUring ? "uring_result" : "read_at", EIO);
  for (uint64_t block = 0; block < 3; ++block) EXPECT_EQ(read(block).code(), Code::kIo);
  calls_.forgive();
  for (uint64_t block = 0; block < kBlocks; ++block) EXPECT_TRUE(read(block).ok());
}

TEST_P(LaneTest, aFileThatEndsTooSoonIsCorrupt) {
  write_all();
  ASSERT_TRUE(file_.truncate(kBlockBytes + 4096).ok());
  EXPECT_TRUE(read(0).ok());
  EXPECT_EQ(read(1).code(), Code::kCorrupt);
  EXPECT_EQ(read(5).code(), Code::kCorrupt);
}

TEST_P(LaneTest, whatIsReadAheadIsDroppedForAWrite) {
  write_all();
  ASSERT_TRUE(read(0).ok());
  ASSERT_TRUE(write(3).ok());
  lane_->collect(true);
  ASSERT_TRUE(read(3).ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, LaneTest, testing::Values(IoEngine::kUring, IoEngine::kThreads),
                         [](const auto& param_info) {
                           return std::string(param_info.param == IoEngine::kUring ? "ioUring" : "threads");
                         });

}  // namespace
}  // namespace windlass
