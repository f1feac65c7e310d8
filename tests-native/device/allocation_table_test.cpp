#include "device/allocation_table.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "fake/fake_observer.hpp"

namespace windlass {
namespace {

using fake::FakeObserver;

class AllocationTableTest : public testing::Test {
 protected:
  std::shared_ptr<FakeObserver> attach(const char* name) {
    auto observer = std::make_shared<FakeObserver>(name, &story_);
    EXPECT_TRUE(record_->attach(observer).ok());
    return observer;
  }

  AllocationTable table_;
  std::shared_ptr<AllocationRecord> record_ = table_.add(0x10000, 0x4000);
  std::vector<std::string> story_;
};

TEST_F(AllocationTableTest, anAddressIsFoundInTheAllocationThatHoldsAllOfIt) {
  const auto other = table_.add(0x20000, 0x1000);
  EXPECT_EQ(table_.find(0x10000, 1).value(), record_);
  EXPECT_EQ(table_.find(0x13FFF, 1).value(), record_);
  EXPECT_EQ(table_.find(0x20000, 0x1000).value(), other);
  EXPECT_EQ(table_.find(0x13FFF, 2).status().code(), Code::kNotFound);
  EXPECT_EQ(table_.find(0xFFFF, 1).status().code(), Code::kNotFound);
  EXPECT_EQ(table_.find(0x21000, 1).status().code(), Code::kNotFound);
  table_.remove(*other);
  EXPECT_EQ(table_.find(0x20000, 1).status().code(), Code::kNotFound);
}

TEST_F(AllocationTableTest, anAddressIsFoundAmongAllDevicesUntilTheTableOrTheAllocationEnds) {
  EXPECT_EQ(AllocationTable::find_anywhere(0x10000, 0x4000).value(), record_);
  EXPECT_EQ(AllocationTable::find_anywhere(0x13FFF, 2).status().code(), Code::kNotFound);
  {
    AllocationTable other;
    const auto its = other.add(0x20000, 0x1000);
    EXPECT_EQ(AllocationTable::find_anywhere(0x20000, 0x1000).value(), its);
  }
  EXPECT_EQ(AllocationTable::find_anywhere(0x20000, 0x1000).status().code(), Code::kNotFound);
  table_.remove(*record_);
  EXPECT_EQ(AllocationTable::find_anywhere(0x10000, 1).status().code(), Code::kNotFound);
}

TEST_F(AllocationTableTest, observersAreToldLastFirstBeforeAndFirstFirstAfter) {
  attach("a");
  attach("b");
  ASSERT_TRUE(record_->announce_release().ok());
  record_->mark_gone();
  record_->announce_return(false);
  EXPECT_EQ(story_, (std::vector<std::string>{"b goes at 1", "a goes at 1", "a back at 2", "b back at 2"}));
}

TEST_F(AllocationTableTest, aRefusalTellsThoseWhoKnewThatThePagesStay) {
  attach("a");
  const auto refuser = attach("b");
  attach("c");
  refuser->refuse("a transfer is under way");
  Status refused = record_->announce_release();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.message().find("b refuses"), std::string_view::npos) << refused.message();
  EXPECT_NE(refused.message().find("a transfer is under way"), std::string_view::npos) << refused.message();
  EXPECT_EQ(story_, (std::vector<std::string>{"c goes at 1", "b refuses", "c back at 1"}));
  EXPECT_TRUE(record_->check(1).ok()) << "nothing has changed";
}

TEST_F(AllocationTableTest, whatWasDerivedFromAnOlderGenerationIsRefused) {
  EXPECT_TRUE(table_.check(record_->id(), 1).ok());
  ASSERT_TRUE(record_->announce_release().ok());
  EXPECT_EQ(table_.check(record_->id(), 1).code(), Code::kState) << "about to go";
  record_->mark_gone();
  EXPECT_EQ(table_.check(record_->id(), 1).code(), Code::kState);
  record_->announce_return(false);
  Status stale = table_.check(record_->id(), 1);
  EXPECT_EQ(stale.code(), Code::kState);
  EXPECT_NE(stale.message().find("generation 2 now"), std::string_view::npos) << stale.message();
  EXPECT_TRUE(table_.check(record_->id(), 2).ok());
  const uint64_t id = record_->id();
  table_.remove(*record_);
  EXPECT_EQ(table_.check(id, 2).code(), Code::kNotFound);
}

TEST_F(AllocationTableTest, nobodyAttachesToPagesThatAreNotThere) {
  ASSERT_TRUE(record_->announce_release().ok());
  EXPECT_EQ(record_->attach(std::make_shared<FakeObserver>("late", &story_)).status().code(), Code::kState);
  record_->mark_gone();
  EXPECT_EQ(record_->attach(std::make_shared<FakeObserver>("late", &story_)).status().code(), Code::kState);
  record_->announce_return(false);
  EXPECT_EQ(record_->attach(std::make_shared<FakeObserver>("in time", &story_)).value().generation, 2U);
}

TEST_F(AllocationTableTest, whoDetachedHearsNothing) {
  const auto observer = attach("a");
  record_->detach(observer.get());
  record_->detach(observer.get());
  ASSERT_TRUE(record_->announce_release().ok());
  record_->announce_return(true);
  EXPECT_TRUE(story_.empty());
  EXPECT_EQ(record_->generation(), 2U) << "other pages, though the old ones were never marked";
}

TEST_F(AllocationTableTest, theEndIsToldOnceAndCannotBeRefused) {
  attach("a")->refuse("never");
  EXPECT_FALSE(record_->ended());
  record_->announce_end();
  record_->announce_end();
  EXPECT_TRUE(record_->ended());
  EXPECT_EQ(story_, (std::vector<std::string>{"a refuses"}));
}

TEST_F(AllocationTableTest, whatIsClosedWithoutItsPagesHasEndedToo) {
  ASSERT_TRUE(record_->announce_release().ok());
  record_->mark_gone();
  EXPECT_FALSE(record_->ended());
  record_->announce_end();
  EXPECT_TRUE(record_->ended());
}

TEST_F(AllocationTableTest, attachingAndDetachingWhilePagesComeAndGoIsSafe) {
  std::atomic<bool> stop = false;
  std::thread watcher([&] {
    std::vector<std::string> own;
    while (!stop) {
      const auto observer = std::make_shared<FakeObserver>("w", nullptr);
      if (record_->attach(observer).ok()) record_->detach(observer.get());
      (void)table_.find(0x10000, 1).ok();
    }
  });
  for (int round = 0; round < 500; ++round) {
    ASSERT_TRUE(record_->announce_release().ok());
    record_->mark_gone();
    record_->announce_return(false);
  }
  stop = true;
  watcher.join();
  EXPECT_EQ(record_->generation(), 501U);
}

}  // namespace
}  // namespace windlass
