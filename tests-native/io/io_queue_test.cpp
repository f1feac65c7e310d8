// What every engine promises, held against each of them, and what is particular to one.

#include "io/io_queue.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "fake/fake_file_calls.hpp"
#include "memory/host_pages.hpp"
#include "support/pattern.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

constexpr uint32_t kDepth = 4;
constexpr uint64_t kBlockBytes = 256 * kKiB;

// A file of its own, and as many buffers as the queue is deep.
class IoQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    memory_ = HostRange::reserve(kHugePageBytes).value();
    WorkerPool alone(1);
    ASSERT_TRUE(memory_.populate(0, memory_.bytes(), alone).ok());
    file_ = ::open((place_.path() + "/file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(file_, 0);
  }
  void TearDown() override {
    queue_.reset();
    ::close(file_);
  }

  std::byte* buffer(uint64_t index) { return memory_.address() + index * kBlockBytes; }

  Result<std::unique_ptr<IoQueue>> open(IoEngine engine, bool registered = true) {
    IoQueueOptions options{.engine = engine, .depth = kDepth, .calls = &calls_};
    for (uint32_t index = 0; registered && index < kDepth; ++index) {
      options.buffers.emplace_back(buffer(index), kBlockBytes);
    }
    Result<std::unique_ptr<IoQueue>> queue = IoQueue::open(options);
    if (queue.ok()) (*queue)->use(file_, 1);
    return queue;
  }

  IoRequest request(IoRequest::Kind kind, uint32_t index, uint64_t offset) {
    return {.kind = kind, .memory = buffer(index), .bytes = kBlockBytes, .offset = offset, .token = index};
  }

  // One request from beginning to end.
  IoCompletion transfer(IoRequest::Kind kind, uint32_t index, uint64_t offset) {
    const int error = queue_->start(request(kind, index, offset));
    if (error != 0) return {index, 0, error};
    return queue_->next(true).value();
  }

  // Writes blocks at once, more than the queue is deep, and reads them again in another order.
  void write_and_read(uint64_t blocks) {
    const std::vector<std::byte> content = test::pattern(blocks * kBlockBytes, 7);
    uint64_t begun = 0;
    const auto begin_write = [&](uint32_t index) {
      std::memcpy(buffer(index), content.data() + begun * kBlockBytes, kBlockBytes);
      ASSERT_EQ(queue_->start(request(IoRequest::Kind::kWrite, index, begun * kBlockBytes)), 0);
      ++begun;
    };
    for (uint32_t index = 0; index < kDepth; ++index) begin_write(index);
    while (const std::optional<IoCompletion> ended = queue_->next(true)) {
      ASSERT_EQ(ended->error, 0);
      ASSERT_EQ(ended->bytes, kBlockBytes);
      if (begun < blocks) begin_write(static_cast<uint32_t>(ended->token));
    }
    std::vector<uint64_t> order(blocks);
    for (uint64_t block = 0; block < blocks; ++block) order[block] = block;
    std::shuffle(order.begin(), order.end(), std::mt19937_64(3));
    for (const uint64_t block : order) {
      const IoCompletion read = transfer(IoRequest::Kind::kRead, 1, block * kBlockBytes);
      ASSERT_EQ(read.error, 0);
      EXPECT_EQ(std::memcmp(buffer(1), content.data() + block * kBlockBytes, kBlockBytes), 0) << block;
    }
  }

  const test::TemporaryDirectory place_;
  fake::FakeFileCalls calls_;
  HostRange memory_;
  int file_ = -1;
  std::unique_ptr<IoQueue> queue_;
};

class IoQueueContract : public IoQueueTest, public testing::WithParamInterface<IoEngine> {
 protected:
  void SetUp() override {
    IoQueueTest::SetUp();
    Result<std::unique_ptr<IoQueue>> queue = open(GetParam());
    if (!queue.ok()) GTEST_SKIP() << "SKIPPED: " << queue.status().message();
    queue_ = *std::move(queue);
  }
};

TEST_P(IoQueueContract, whatIsWrittenIsRead) { write_and_read(4 * kDepth + 1); }

TEST_P(IoQueueContract, transfersDoneInPartAreContinued) {
  calls_.make_short(kBlockBytes / 3);
  write_and_read(kDepth + 1);
}

TEST_P(IoQueueContract, directTransfersGoOnAtAlignedPlaces) {
  const int direct = ::open((place_.path() + "/file").c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
  if (direct < 0) GTEST_SKIP() << "SKIPPED: no direct transfers in " << place_.path();
  queue_->use(direct, 4096);
  // A direct transfer itself must be aligned; what the kernel says of it need not be.
  calls_.make_short(kBlockBytes / (GetParam() == IoEngine::kUring ? 3 : 4));
  write_and_read(kDepth + 1);
  queue_->use(-1, 1);
  ::close(direct);
}

TEST_P(IoQueueContract, theFilesEndIsFewerBytesAndNoError) {
  ASSERT_EQ(ftruncate(file_, 1000), 0);
  const IoCompletion part = transfer(IoRequest::Kind::kRead, 0, 0);
  EXPECT_EQ(part.error, 0);
  EXPECT_EQ(part.bytes, 1000U);
  const IoCompletion none = transfer(IoRequest::Kind::kRead, 0, kBlockBytes);
  EXPECT_EQ(none.error, 0);
  EXPECT_EQ(none.bytes, 0U);
}

TEST_P(IoQueueContract, afterAnErrorItGoesOn) {
  const char* const result = GetParam() == IoEngine::kUring ? "uring_result" : "write_at";
  for (const int cause : {EIO, ENOSPC, EFBIG}) {
    calls_.fail_nth(result, 1, cause);
    EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, cause);
  }
  EXPECT_EQ(queue_->under_way(), 0U);
  EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, 0);
}

TEST_P(IoQueueContract, whoeverIsAskedToTryAgainDoesSoButNotForEver) {
  const char* const result = GetParam() == IoEngine::kUring ? "uring_result" : "write_at";
  for (const int cause : {EAGAIN, EINTR, ECANCELED}) {
    calls_.fail_nth(result, 1, cause);
    EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, 0) << cause;
  }
  calls_.fail_always(result, EAGAIN);
  EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, EAGAIN);
}

TEST_P(IoQueueContract, withNothingUnderWayThereIsNothingToWaitFor) {
  EXPECT_FALSE(queue_->next(true).has_value());
  EXPECT_FALSE(queue_->next(false).has_value());
  EXPECT_EQ(queue_->depth(), kDepth);
}

TEST_P(IoQueueContract, itsEndWaitsForWhatIsUnderWay) {
  std::memset(buffer(0), 0x5A, kDepth * kBlockBytes);
  for (uint32_t index = 0; index < kDepth; ++index) {
    ASSERT_EQ(queue_->start(request(IoRequest::Kind::kWrite, index, index * kBlockBytes)), 0);
  }
  queue_.reset();
  std::vector<std::byte> found(kDepth * kBlockBytes);
  ASSERT_EQ(pread(file_, found.data(), found.size(), 0), static_cast<ssize_t>(found.size()));
  EXPECT_EQ(std::count(found.begin(), found.end(), std::byte{0x5A}), static_cast<ptrdiff_t>(found.size()));
}

TEST_P(IoQueueContract, whatOneThreadBeganAnotherEndsAfterIt) {
  for (int round = 0; round < 20; ++round) {
    std::thread first([&] {
      for (uint32_t index = 0; index < kDepth; ++index) {
        EXPECT_EQ(queue_->start(request(IoRequest::Kind::kWrite, index, index * kBlockBytes)), 0);
      }
    });
    first.join();
    while (const std::optional<IoCompletion> ended = queue_->next(true)) {
      EXPECT_EQ(ended->error, 0);
      EXPECT_EQ(ended->bytes, kBlockBytes);
    }
  }
}

TEST_P(IoQueueContract, aFileThatItLetGoOfIsNotKeptOpen) {
  EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, 0);
  queue_->use(-1, 1);
  EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, EBADF);
  queue_->use(file_, 1);
  EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, IoQueueContract, testing::Values(IoEngine::kUring, IoEngine::kThreads),
                         [](const auto& param_info) {
                           return std::string(param_info.param == IoEngine::kUring ? "ioUring" : "threads");
                         });

TEST_F(IoQueueTest, aDepthThatMakesNoSenseIsRefused) {
  EXPECT_EQ(IoQueue::open({.depth = 0}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(IoQueue::open({.depth = 100000}).status().code(), Code::kInvalidArgument);
}

TEST_F(IoQueueTest, whereIoUringIsForbiddenThreadsDoItAndSayWhy) {
  for (const int cause : {ENOSYS, EPERM, ENOMEM}) {
    calls_.fail_always("uring_setup", cause);
    Result<std::unique_ptr<IoQueue>> queue = open(IoEngine::kAuto);
    ASSERT_TRUE(queue.ok());
    EXPECT_EQ((*queue)->name(), "threads");
    EXPECT_THAT((*queue)->note(), HasSubstr("io_uring"));
    Result<std::unique_ptr<IoQueue>> only = open(IoEngine::kUring);
    ASSERT_FALSE(only.ok());
    EXPECT_EQ(only.status().system_code(), cause);
  }
}

// The engine by itself, with its own faults.
class UringQueueTest : public IoQueueTest {
 protected:
  void SetUp() override {
    IoQueueTest::SetUp();
    Result<std::unique_ptr<IoQueue>> queue = open(IoEngine::kUring);
    if (!queue.ok()) GTEST_SKIP() << "SKIPPED: " << queue.status().message();
  }
};

TEST_F(UringQueueTest, withoutRegisteredBuffersItWorksAndSaysSo) {
  calls_.fail_nth("uring_register", 1, ENOMEM);
  queue_ = open(IoEngine::kUring).value();
  EXPECT_THAT(queue_->note(), HasSubstr("ulimit -l"));
  write_and_read(kDepth + 1);
}

TEST_F(UringQueueTest, withoutARegisteredFileItWorks) {
  for (const uint64_t nth : {2U, 3U}) {
    calls_.fail_nth("uring_register", nth, EINVAL);
    queue_ = open(IoEngine::kUring).value();
    write_and_read(kDepth + 1);
  }
}

TEST_F(UringQueueTest, withoutBuffersToRegisterItWorks) {
  queue_ = open(IoEngine::kUring, false).value();
  EXPECT_EQ(queue_->note(), "");
  write_and_read(kDepth + 1);
}

TEST_F(UringQueueTest, aSubmissionThatFailsHasBegunNothing) {
  queue_ = open(IoEngine::kUring).value();
  calls_.fail_nth("uring_submit", 1, EBADF);
  EXPECT_EQ(queue_->start(request(IoRequest::Kind::kWrite, 0, 0)), EBADF);
  EXPECT_EQ(queue_->under_way(), 0U);
  write_and_read(kDepth + 1);
}

TEST_F(UringQueueTest, aKernelThatIsBusyIsAskedAgain) {
  queue_ = open(IoEngine::kUring).value();
  for (const int cause : {EAGAIN, EBUSY, EINTR}) {
    calls_.fail_nth("uring_submit", 1, cause);
    calls_.fail_nth("uring_wait", 1, cause);
    EXPECT_EQ(transfer(IoRequest::Kind::kWrite, 0, 0).error, 0);
  }
  calls_.fail_always("uring_submit", EAGAIN);
  EXPECT_EQ(queue_->start(request(IoRequest::Kind::kWrite, 0, 0)), EAGAIN);
}

TEST_F(UringQueueTest, aContinuationThatCannotBeSubmittedIsAnError) {
  queue_ = open(IoEngine::kUring).value();
  calls_.make_short(kBlockBytes / 2);
  calls_.fail_nth("uring_submit", 2, EBADF);
  const IoCompletion ended = transfer(IoRequest::Kind::kWrite, 0, 0);
  EXPECT_EQ(ended.error, EBADF);
  EXPECT_EQ(ended.bytes, kBlockBytes / 2);
  EXPECT_EQ(queue_->under_way(), 0U);
}

TEST(IoProgressTest, nothingDoneIsTheEndForAReadAndAnErrorForAWrite) {
  for (const IoRequest::Kind kind : {IoRequest::Kind::kRead, IoRequest::Kind::kWrite}) {
    IoProgress progress{.request = {.kind = kind, .bytes = 8192, .token = 5}};
    EXPECT_FALSE(progress.advance(5000, 4096).has_value());
    EXPECT_EQ(progress.done_bytes, 4096U) << "it goes on at an aligned place";
    const std::optional<IoCompletion> ended = progress.advance(0, 4096);
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(ended->token, 5U);
    EXPECT_EQ(ended->bytes, 4096U);
    EXPECT_EQ(ended->error, kind == IoRequest::Kind::kRead ? 0 : EIO);
  }
}

}  // namespace
}  // namespace windlass
