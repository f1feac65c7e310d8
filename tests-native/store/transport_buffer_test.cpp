#include "store/transport_buffer.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "fake/fake_link.hpp"
#include "store/store_host.hpp"

namespace windlass::test {
namespace {

class TransportBufferTest : public testing::TestWithParam<Way> {
 protected:
  std::shared_ptr<TransportBuffer> open_buffer(uint64_t bytes) {
    Result<std::shared_ptr<TransportBuffer>> opened = store_->open_buffer(bytes);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    return opened.ok() ? *opened : nullptr;
  }

  Result<PutReport> put(std::string_view key, const std::vector<std::byte>& bytes,
                        const std::shared_ptr<TransportBuffer>& buffer) {
    PutItem item = bytes_item(key, bytes);
    item.buffer = buffer;
    return store_->put({&item, 1});
  }

  StoreHost host_{GetParam()};
  std::shared_ptr<TensorStore> store_ = host_.open();
};

TEST_P(TransportBufferTest, itsRoomIsReadyForEveryPut) {
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(300 * kKiB);
  EXPECT_EQ(buffer->info().generation, 1U);
  EXPECT_EQ(buffer->info().address != nullptr, host_.fills_in_place());
  EXPECT_EQ(buffer->info().transport, store_->info().transport);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const std::vector<std::byte> bytes = pattern(300 * kKiB - seed * 1000, seed);
    const Result<PutReport> report = put(seed % 2 == 0 ? "epoch" : "epoch", bytes, buffer);
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->reused, 1U);
    EXPECT_EQ(get_bytes(*store_, "epoch"), bytes);
    EXPECT_EQ(buffer->info().bytes, 300 * kKiB);
  }
  EXPECT_EQ(store_->volume_info()->prepared_slots, 1U);
  EXPECT_TRUE(buffer->close().ok());
  EXPECT_EQ(store_->volume_info()->prepared_slots, 0U);
}

TEST_P(TransportBufferTest, aNewKeyWithEveryPutFindsRoomToo) {
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(100 * kKiB);
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    const Result<PutReport> report = put("checkpoint_" + std::to_string(epoch), pattern(100 * kKiB, epoch), buffer);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->reused, 1U);
  }
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    EXPECT_EQ(get_bytes(*store_, "checkpoint_" + std::to_string(epoch)), pattern(100 * kKiB, epoch));
  }
}

TEST_P(TransportBufferTest, whatIsSmallIsPutInOneMessageUnlessTheBufferHasMemory) {
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(100 * kKiB);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<std::byte> bytes = pattern(seed % 2 == 0 ? 4 * kKiB : 100 * kKiB, seed);
    const Result<PutReport> report = put("value", bytes, buffer);
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->reused, 1U);
    EXPECT_EQ(report->move_ns == 0, seed % 2 == 0 && buffer->info().address == nullptr) << bytes.size();
    EXPECT_EQ(get_bytes(*store_, "value"), bytes);
  }
}

TEST_P(TransportBufferTest, bytesFilledInPlaceNeedNoCopy) {
  if (!host_.fills_in_place()) GTEST_SKIP() << "nothing is mapped over tcp";
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(100 * kKiB);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<std::byte> bytes = pattern(100 * kKiB, seed);
    std::memcpy(buffer->info().address, bytes.data(), bytes.size());
    PutItem item = bytes_item("value", bytes);
    item.data = seed % 2 == 0 ? nullptr : buffer->info().address;
    item.buffer = buffer;
    ASSERT_TRUE(store_->put({&item, 1}).ok());
    EXPECT_EQ(get_bytes(*store_, "value"), bytes);
  }
}

TEST_P(TransportBufferTest, onceItIsOpenPutsRegisterNothingWhereverTheirBytesCome) {
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(kMiB);
  const std::vector<std::byte> bytes = pattern(kMiB, 1);
  const RegistrationStatistics before = store_->info().registrations;
  for (uint64_t round = 0; round < 3; ++round) ASSERT_TRUE(put("value", bytes, buffer).ok());
  if (host_.fills_in_place()) {
    std::memcpy(buffer->info().address, bytes.data(), bytes.size());
    PutItem item = bytes_item("value", bytes);
    item.data = nullptr;
    item.buffer = buffer;
    ASSERT_TRUE(store_->put({&item, 1}).ok());
  }
  const RegistrationStatistics after = store_->info().registrations;
  EXPECT_EQ(after.registrations, before.registrations);
  if (GetParam() == Way::kRdma) {
    EXPECT_EQ(after.hits, before.hits + 4);
    EXPECT_EQ(after.saved_bytes, before.saved_bytes + 4 * kMiB);
  }
  EXPECT_EQ(get_bytes(*store_, "value"), bytes);
}

TEST_P(TransportBufferTest, whatCannotBeIsRefusedAndItCanBeUsedAgain) {
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(1000);
  EXPECT_EQ(put("value", pattern(1001, 1), buffer).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->open_buffer(0).status().code(), Code::kInvalidArgument);
  const std::shared_ptr<TensorStore> other = host_.open();
  const std::vector<std::byte> bytes = pattern(1000, 1);
  PutItem item = bytes_item("value", bytes);
  item.buffer = buffer;
  EXPECT_EQ(other->put({&item, 1}).status().code(), Code::kInvalidArgument);
  const PutItem twice[] = {item, [&] {
                             PutItem second = item;
                             second.key = "second";
                             return second;
                           }()};
  EXPECT_EQ(store_->put(twice).status().code(), Code::kState);
  const Condition never{"value", 12345};
  EXPECT_EQ(store_->put({&item, 1}, {{&never, 1}, {}, {}}).status().code(), Code::kConflict);
  const Result<PutReport> report = store_->put({&item, 1});
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  EXPECT_EQ(report->reused, 1U) << "a put that failed leaves a buffer its room";

  ASSERT_TRUE(buffer->claim().ok());
  EXPECT_EQ(store_->put({&item, 1}).status().code(), Code::kState);
  EXPECT_EQ(buffer->close().code(), Code::kState);
  buffer->unclaim();
  EXPECT_TRUE(buffer->close().ok());
  EXPECT_EQ(buffer->close().code(), Code::kStaleHandle);
  EXPECT_EQ(store_->put({&item, 1}).status().code(), Code::kStaleHandle);
  EXPECT_EQ(get_bytes(*store_, "value"), bytes);
}

TEST_P(TransportBufferTest, aValueWithoutBytesLeavesItsRoomAlone) {
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(1000);
  const TransportBufferInfo before = buffer->info();
  ASSERT_TRUE(put("empty", {}, buffer).ok());
  EXPECT_EQ(buffer->info().generation, before.generation);
  EXPECT_EQ(get_bytes(*store_, "empty").size(), 0U);
}

TEST_P(TransportBufferTest, severalAndNoneGoInOnePut) {
  const std::shared_ptr<TransportBuffer> first = open_buffer(100 * kKiB);
  const std::shared_ptr<TransportBuffer> second = open_buffer(50 * kKiB);
  for (uint64_t round = 0; round < 4; ++round) {
    const std::vector<std::byte> bytes[] = {pattern(100 * kKiB, round), pattern(70 * kKiB, round + 100),
                                            pattern(10, round + 200)};
    PutItem items[] = {bytes_item("first", bytes[0]), bytes_item("none", bytes[1]), bytes_item("second", bytes[2])};
    items[0].buffer = first;
    items[2].buffer = second;
    const Result<PutReport> report = store_->put(items);
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->reused, 2U);
    const std::shared_ptr<Lease> lease = lease_of(*store_, {"first", "none", "second"});
    for (uint64_t entry = 0; entry < 3; ++entry) {
      EXPECT_EQ(read_entry(*lease, entry), bytes[entry]);
      EXPECT_EQ(lease->entries()[entry].found.version, report->version);
    }
  }
}

TEST_P(TransportBufferTest, threadsTakeTurnsOrAreToldTo) {
  const std::shared_ptr<TransportBuffer> buffer = open_buffer(64 * kKiB);
  std::atomic<uint64_t> done{0};
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t round = 0; round < 50; ++round) {
        const Status status = put("shared", pattern(64 * kKiB, thread), buffer).status();
        if (status.ok()) ++done;
        if (!status.ok()) {
          EXPECT_EQ(status.code(), Code::kState) << status.to_string();
        }
        EXPECT_GT(buffer->info().generation, 0U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(done.load(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Over, TransportBufferTest, testing::ValuesIn(test::all_ways()),
                         [](const testing::TestParamInfo<Way>& over) { return way_name(over.param); });

class BrokenLinkTest : public testing::Test {
 protected:
  PutItem item_of(const std::vector<std::byte>& bytes) {
    PutItem item = bytes_item("value", bytes);
    item.buffer = buffer_;
    return item;
  }

  StoreHost host_{Way::kLocal};
  std::shared_ptr<FakeLink> link_ = std::make_shared<FakeLink>(host_.volume().shared_from_this());
  std::shared_ptr<TensorStore> store_ = std::make_shared<TensorStore>(FakeLink::connect(link_));
  std::shared_ptr<TransportBuffer> buffer_ = *store_->open_buffer(100 * kKiB);
};

TEST_F(BrokenLinkTest, aBufferGetsNewRoomByItself) {
  for (uint64_t round = 0; round < 4; ++round) {
    const uint64_t generation = buffer_->info().generation;
    link_->break_connection();
    if (round % 2 == 0) {  // else the put finds out
      EXPECT_TRUE(store_->volume_info().ok());
    }
    const std::vector<std::byte> bytes = pattern(100 * kKiB, round);
    const PutItem item = item_of(bytes);
    const Result<PutReport> report = store_->put({&item, 1});
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->reused, 0U);
    EXPECT_GT(buffer_->info().generation, generation);
    EXPECT_EQ(get_bytes(*store_, "value"), bytes);
    EXPECT_EQ(store_->info().connections, round + 2);
  }
}

TEST_F(BrokenLinkTest, whatWasFilledInPlaceIsNotLost) {
  for (const bool finds_out : {false, true}) {
    const std::vector<std::byte> bytes = pattern(100 * kKiB, finds_out ? 1 : 2);
    std::byte* const address = buffer_->info().address;
    std::memcpy(address, bytes.data(), bytes.size());
    link_->break_connection();
    if (!finds_out) {
      EXPECT_TRUE(store_->volume_info().ok());
    }
    PutItem item = item_of(bytes);
    item.data = finds_out ? nullptr : address;
    const Result<PutReport> report = store_->put({&item, 1});
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(get_bytes(*store_, "value"), bytes);
  }
}

TEST_F(BrokenLinkTest, twoSlotsTakeTurnsUnderOneKeyAndAreMappedOnce) {
  for (uint64_t round = 0; round < 20; ++round) {
    const std::vector<std::byte> bytes = pattern(100 * kKiB, round);
    const PutItem item = item_of(bytes);
    ASSERT_TRUE(store_->put({&item, 1}).ok());
  }
  EXPECT_LE(link_->maps(), 3U);
  EXPECT_EQ(link_->writes(), 0U);
}

TEST_F(BrokenLinkTest, aSlotOfWhichNobodyKnowsIsNeverWrittenAgain) {
  const std::vector<std::byte> first = pattern(100 * kKiB, 1);
  const std::vector<std::byte> second = pattern(100 * kKiB, 2);
  for (const Code code : {Code::kTimeout, Code::kUnavailable}) {
    link_->fail_next(FakeLink::Call::kCommit, code, true);
    PutItem item = item_of(first);
    const Status lost = store_->put({&item, 1}).status();
    EXPECT_EQ(lost.code(), code);
    EXPECT_NE(lost.message().find("may have been published"), std::string_view::npos);
    EXPECT_EQ(buffer_->info().address, nullptr);
    const std::shared_ptr<Lease> lease = lease_of(*store_, {"value"});  // it was
    item.data = nullptr;
    EXPECT_EQ(store_->put({&item, 1}).status().code(), Code::kInvalidArgument) << "there is nothing to put";
    item.data = second.data();
    ASSERT_TRUE(store_->put({&item, 1}).ok());
    EXPECT_EQ(read_entry(*lease, 0), first);
    EXPECT_EQ(get_bytes(*store_, "value"), second);
  }
}

TEST_F(BrokenLinkTest, aTransportThatDoesNotMapWritesInstead) {
  link_->stop_mapping();
  const std::shared_ptr<TransportBuffer> buffer = *store_->open_buffer(100 * kKiB);
  EXPECT_EQ(buffer->info().address, nullptr);
  EXPECT_EQ(buffer->info().generation, 1U);
  const std::vector<std::byte> bytes = pattern(100 * kKiB, 1);
  PutItem item = bytes_item("value", bytes);
  item.buffer = buffer;
  EXPECT_EQ(store_->put({&item, 1})->reused, 1U);
  EXPECT_EQ(get_bytes(*store_, "value"), bytes);
  link_->fail_next(FakeLink::Call::kWrite, Code::kTimeout);
  EXPECT_EQ(store_->put({&item, 1}).status().code(), Code::kTimeout);
  EXPECT_EQ(store_->put({&item, 1})->reused, 0U) << "bytes may still be on their way to the slot";
  item.data = nullptr;
  EXPECT_EQ(store_->put({&item, 1}).status().code(), Code::kInvalidArgument);
}

TEST_F(BrokenLinkTest, aMapThatFailsLeavesNothingBehind) {
  const uint64_t before = store_->volume_info()->prepared_slots;
  link_->fail_next(FakeLink::Call::kMap, Code::kNoMemory);
  EXPECT_EQ(store_->open_buffer(1000).status().code(), Code::kNoMemory);
  EXPECT_EQ(store_->volume_info()->prepared_slots, before);
  // After a put: that has succeeded, and the next one gets room.
  const std::vector<std::byte> bytes = pattern(1000, 1);
  const PutItem item = item_of(bytes);
  link_->fail_next(FakeLink::Call::kMap, Code::kNoMemory);
  EXPECT_TRUE(store_->put({&item, 1}).ok());
  EXPECT_EQ(buffer_->info().address, nullptr);
  EXPECT_EQ(store_->put({&item, 1})->reused, 0U);
  EXPECT_EQ(store_->volume_info()->prepared_slots, before);
}

}  // namespace
}  // namespace windlass::test
