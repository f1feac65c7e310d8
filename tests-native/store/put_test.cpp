// What a put leaves behind when a step of it fails.
#include "store/put.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "base/contain.hpp"
#include "fake/fake_link.hpp"
#include "store/store_host.hpp"
#include "support/allocation_failure.hpp"

namespace windlass::test {
namespace {

class PutTest : public testing::Test {
 protected:
  // A put of a large value, a small one, and one with a buffer.
  Result<PutReport> put(uint64_t seed) {
    bytes_ = {pattern(200 * kKiB, seed), pattern(10, seed), pattern(50 * kKiB, seed)};
    PutItem items[] = {bytes_item("large", bytes_[0]), bytes_item("small", bytes_[1]), bytes_item("kept", bytes_[2])};
    items[2].buffer = buffer_;
    return store_->put(items);
  }
  void expect_all(uint64_t seed) {
    EXPECT_EQ(get_bytes(*store_, "large"), pattern(200 * kKiB, seed));
    EXPECT_EQ(get_bytes(*store_, "small"), pattern(10, seed));
    EXPECT_EQ(get_bytes(*store_, "kept"), pattern(50 * kKiB, seed));
  }

  StoreHost host_{Way::kLocal};
  std::shared_ptr<FakeLink> link_ = std::make_shared<FakeLink>(host_.volume().shared_from_this());
  std::shared_ptr<TensorStore> store_ = std::make_shared<TensorStore>(FakeLink::connect(link_));
  std::shared_ptr<TransportBuffer> buffer_ = *store_->open_buffer(64 * kKiB);
  std::vector<std::vector<std::byte>> bytes_;
};

TEST_F(PutTest, aFailureAtAnyStepPublishesAndLeavesNothing) {
  ASSERT_TRUE(put(1).ok());
  using Call = FakeLink::Call;
  for (const Call call : {Call::kPrepare, Call::kWrite, Call::kCommit}) {
    for (const Code code : {Code::kNoSpace, Code::kTimeout, Code::kUnavailable, Code::kConflict}) {
      link_->fail_next(call, code);
      const Status failed = put(2).status();
      EXPECT_EQ(failed.code(), code) << failed.to_string();
      EXPECT_LE(store_->volume_info()->prepared_slots, 1U) << "only the buffer's";
      expect_all(1);
    }
  }
  const Result<PutReport> after = put(3);
  ASSERT_TRUE(after.ok()) << after.status().to_string();
  expect_all(3);
  EXPECT_EQ(store_->volume_info()->prepared_slots, 1U);
}

TEST_F(PutTest, aConnectionThatBrokeUnnoticedIsMadeAnew) {
  for (uint64_t seed = 1; seed < 4; ++seed) {
    link_->break_connection();
    const Result<PutReport> report = put(seed);
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->reused, 0U);
    expect_all(seed);
  }
}

TEST_F(PutTest, smallOnesGoWithTheirMessage) {
  const std::vector<std::byte> bytes = pattern(64 * kKiB, 1);
  const PutItem item = bytes_item("small", bytes);
  link_->fail_next(FakeLink::Call::kPrepare, Code::kInternal);
  ASSERT_TRUE(store_->put({&item, 1}).ok());
  EXPECT_EQ(link_->writes(), 0U);
  link_->fail_next(FakeLink::Call::kPutInline, Code::kUnavailable);
  const Status lost = store_->put({&item, 1}).status();
  EXPECT_EQ(lost.code(), Code::kUnavailable);
  EXPECT_NE(lost.message().find("may have been published"), std::string_view::npos);
}

TEST_F(PutTest, aBatchMovesWithOneCall) {
  std::vector<std::string> names;
  std::vector<PutItem> items;
  const std::vector<std::byte> bytes = pattern(1000, 1);
  for (int index = 0; index < 500; ++index) names.push_back("value " + std::to_string(index));
  for (const std::string& name : names) items.push_back(bytes_item(name, bytes));
  const uint64_t before = link_->writes();
  ASSERT_TRUE(store_->put(items).ok());
  EXPECT_EQ(link_->writes(), before + 1);
}

TEST_F(PutTest, memoryThatRunsOutLeavesNothingBehind) {
  ASSERT_TRUE(put(1).ok());
  bool went_through = false;
  for (uint64_t nth = 1; nth < 2000 && !went_through; ++nth) {
    bytes_ = {pattern(200 * kKiB, 2), pattern(50 * kKiB, 2)};
    PutItem items[] = {bytes_item("large", bytes_[0]), bytes_item("kept", bytes_[1])};
    items[1].buffer = buffer_;
    Status outcome;
    {
      FailAllocationAfter failing(nth);
      outcome = contain([&] { return store_->put(items).status(); });
      went_through = !failing.fired();
    }
    if (outcome.ok()) continue;
    EXPECT_EQ(outcome.code(), Code::kNoMemory) << outcome.to_string();
    EXPECT_LE(store_->volume_info()->prepared_slots, 1U) << nth;
  }
  EXPECT_TRUE(went_through);
  ASSERT_TRUE(put(3).ok());
  expect_all(3);
}

}  // namespace
}  // namespace windlass::test
