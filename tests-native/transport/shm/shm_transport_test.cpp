#include "transport/shm/shm_transport.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "support/pattern.hpp"
#include "support/soon.hpp"

namespace windlass {
namespace {

constexpr uint64_t kBytes = 64 * kMiB;

using test::soon;

class ShmTransportTest : public testing::Test {
 protected:
  void SetUp() override {
    for (uint64_t id = 1; id <= 2; ++id) {
      Result<std::shared_ptr<SegmentFile>> file = SegmentFile::create(kBytes, workers_);
      ASSERT_TRUE(file.ok()) << file.status().to_string();
      files_.push_back(*std::move(file));
    }
  }

  Result<OwnedDescriptor> descriptor(uint64_t segment, MapFor purpose) {
    ++asked_;
    if (segment == 0 || segment > files_.size()) return Status::error(Code::kNotFound, "no such segment");
    return files_[segment - 1]->descriptor(purpose);
  }

  WorkerPool workers_{2};
  std::vector<std::shared_ptr<SegmentFile>> files_;
  std::atomic<int> asked_ = 0;
  ShmTransport transport_{[this](uint64_t segment, MapFor purpose, Deadline) { return descriptor(segment, purpose); },
                          2};
};

TEST_F(ShmTransportTest, movesOfAllSizesArriveWhole) {
  std::mt19937_64 random(11);
  for (const uint64_t bytes :
       {uint64_t{1}, uint64_t{63}, uint64_t{4096}, 300 * kKiB + 7, 8 * kMiB, 8 * kMiB + 1, 40 * kMiB + 12345}) {
    const RemoteRange range{1, 1 + random() % 2, random() % (kBytes - bytes), bytes};
    const std::vector<std::byte> sent = test::pattern(bytes, bytes);
    std::vector<std::byte> received(bytes);
    const WriteMove write{sent.data(), range};
    const ReadMove read{received.data(), range};
    ASSERT_TRUE(transport_.write({&write, 1}, soon()).ok());
    EXPECT_EQ(std::memcmp(files_[range.segment - 1]->address() + range.offset, sent.data(), bytes), 0) << bytes;
    ASSERT_TRUE(transport_.read({&read, 1}, soon()).ok());
    EXPECT_EQ(received, sent) << bytes;
  }
}

// Goal: moves are put together into mappings, however they lie, and each byte goes where it belongs.
TEST_F(ShmTransportTest, manyMovesInAnyOrderArriveWhole) {
  std::mt19937_64 random(12);
  for (const bool shuffled : {false, true}) {
    std::vector<WriteMove> writes;
    std::vector<ReadMove> reads;
    const std::vector<std::byte> sent = test::pattern(40 * kMiB, 4);
    std::vector<std::byte> received(sent.size());
    uint64_t place[2] = {0, 0};
    uint64_t at = 0;
    for (int i = 0; i < 2000; ++i) {
      const uint64_t bytes = random() % 50 == 0 ? random() % (9 * kMiB) : random() % 10000;
      const uint64_t segment = random() % 10 == 0 ? 1 : 0;
      const uint64_t gap = random() % 20 == 0 ? random() % (200 * kKiB) : random() % 64;
      if (at + bytes > sent.size() || place[segment] + gap + bytes > kBytes) break;
      const RemoteRange range{1, bytes == 0 ? 0 : segment + 1, place[segment] + gap, bytes};
      writes.push_back({sent.data() + at, range});
      reads.push_back({received.data() + at, range});
      place[segment] += gap + bytes;
      at += bytes;
    }
    ASSERT_GT(writes.size(), 100U);
    if (shuffled) {
      std::shuffle(writes.begin(), writes.end(), random);
      std::shuffle(reads.begin(), reads.end(), random);
    }
    ASSERT_TRUE(transport_.write(writes, soon()).ok());
    ASSERT_TRUE(transport_.read(reads, soon()).ok());
    EXPECT_EQ(std::memcmp(received.data(), sent.data(), at), 0);
  }
}

TEST_F(ShmTransportTest, aMappingIsTheSlot) {
  const RemoteRange range{1, 2, 12345, 100000};
  Result<std::unique_ptr<SlotMapping>> writing = transport_.map(range, MapFor::kWriting, true, soon());
  ASSERT_TRUE(writing.ok()) << writing.status().to_string();
  Result<std::unique_ptr<SlotMapping>> reading = transport_.map(range, MapFor::kReading, false, soon());
  ASSERT_TRUE(reading.ok());
  std::memset((*writing)->address(), 0x5A, 100000);
  EXPECT_EQ((*reading)->bytes(), 100000U);
  EXPECT_EQ(std::memcmp((*reading)->address(), files_[1]->address() + 12345, 100000), 0);
  EXPECT_EQ((*reading)->address()[99999], std::byte{0x5A});
  const Result<std::unique_ptr<SlotMapping>> empty = transport_.map({}, MapFor::kReading, true, soon());
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ((*empty)->bytes(), 0U);
}

TEST_F(ShmTransportTest, descriptorsAreAskedForOnceUntilTheyAreForgotten) {
  const RemoteRange range{1, 1, 0, 4096};
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(transport_.map(range, MapFor::kReading, false, soon()).ok());
  EXPECT_EQ(asked_, 1);
  ASSERT_TRUE(transport_.map(range, MapFor::kWriting, false, soon()).ok());
  EXPECT_EQ(asked_, 2);
  transport_.forget();
  ASSERT_TRUE(transport_.map(range, MapFor::kReading, false, soon()).ok());
  EXPECT_EQ(asked_, 3);
}

TEST_F(ShmTransportTest, aVolumeThatLiesIsFoundOutBeforeAnythingIsTouched) {
  std::vector<std::byte> bytes(kBytes + 1);
  for (const RemoteRange& range : {RemoteRange{1, 1, kBytes, 1}, RemoteRange{1, 1, 0, kBytes + 1},
                                   RemoteRange{1, 1, UINT64_MAX - 5, 6}, RemoteRange{1, 1, UINT64_MAX, 9}}) {
    const ReadMove read{bytes.data(), range};
    EXPECT_EQ(transport_.read({&read, 1}, soon()).code(), Code::kInvalidArgument);
    EXPECT_EQ(transport_.map(range, MapFor::kReading, true, soon()).status().code(), Code::kInvalidArgument);
  }
  const ReadMove unknown{bytes.data(), {1, 9, 0, 1}};
  EXPECT_EQ(transport_.read({&unknown, 1}, soon()).code(), Code::kNotFound);
  ShmTransport lied_to([](uint64_t, MapFor, Deadline) -> Result<OwnedDescriptor> {
    OwnedDescriptor unsealed(memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    return unsealed;
  });
  const ReadMove read{bytes.data(), {1, 1, 0, 1}};
  EXPECT_EQ(lied_to.read({&read, 1}, soon()).code(), Code::kCorrupt);
}

TEST_F(ShmTransportTest, theTimeLimitIsKept) {
  std::vector<std::byte> bytes(20 * kMiB);
  const WriteMove write{bytes.data(), {1, 1, 0, bytes.size()}};
  EXPECT_EQ(transport_.write({&write, 1}, Deadline::after(std::chrono::nanoseconds(0))).code(), Code::kTimeout);
}

TEST_F(ShmTransportTest, manyThreadsMoveAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (uint64_t number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      const uint64_t bytes = 3 * kMiB;
      const RemoteRange range{1, 1 + number % 2, number * 4 * kMiB + number, bytes};
      const std::vector<std::byte> sent = test::pattern(bytes, number);
      std::vector<std::byte> received(bytes);
      for (int i = 0; i < 10; ++i) {
        const WriteMove write{sent.data(), range};
        const ReadMove read{received.data(), range};
        if (!transport_.write({&write, 1}, soon()).ok() || !transport_.read({&read, 1}, soon()).ok()) ++failures;
        if (received != sent) ++failures;
        if (i == 5) transport_.forget();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace windlass
