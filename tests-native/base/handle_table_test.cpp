#include "base/handle_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

constexpr Handle kSlotMask = 0xffffffff;

class HandleTableTest : public testing::Test {
 protected:
  Handle insert(Kind kind, std::shared_ptr<void> object) {
    Result<Handle> handle = table_.insert(kind, std::move(object));
    EXPECT_TRUE(handle.ok()) << handle.status().to_string();
    return handle.ok() ? *handle : 0;
  }

  Handle insert_number(int number, Kind kind = Kind::kRegion) { return insert(kind, std::make_shared<int>(number)); }

  Code acquire_code(Handle handle, Kind kind = Kind::kRegion) {
    return table_.acquire<int>(handle, kind).status().code();
  }

  HandleTable table_;
};

TEST_F(HandleTableTest, anObjectIsFoundByItsHandle) {
  const Handle first = insert_number(1);
  const Handle second = insert_number(2);
  EXPECT_NE(first, 0U);
  EXPECT_NE(first, second);
  Result<std::shared_ptr<int>> found = table_.acquire<int>(second, Kind::kRegion);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(**found, 2);
}

TEST_F(HandleTableTest, aHandleSaysItsKindInItsTopByte) {
  EXPECT_EQ(insert_number(1, Kind::kDevice) >> 56, 1U);
  EXPECT_EQ(insert_number(1, Kind::kLog) >> 56, 4U);
}

TEST_F(HandleTableTest, aClosedHandleIsStale) {
  const Handle handle = insert_number(1);
  EXPECT_TRUE(table_.remove<int>(handle, Kind::kRegion).ok());
  EXPECT_EQ(acquire_code(handle), Code::kStaleHandle);
  EXPECT_EQ(table_.remove<int>(handle, Kind::kRegion).status().code(), Code::kStaleHandle);
}

TEST_F(HandleTableTest, aClosedHandleStaysStaleWhenItsSlotIsUsedAgain) {
  const Handle first = insert_number(1);
  ASSERT_TRUE(table_.remove<int>(first, Kind::kRegion).ok());
  const Handle second = insert_number(2);
  ASSERT_EQ(first & kSlotMask, second & kSlotMask) << "the slot was not used again";
  EXPECT_NE(first, second);
  EXPECT_EQ(acquire_code(first), Code::kStaleHandle);
  EXPECT_EQ(table_.remove<int>(first, Kind::kRegion).status().code(), Code::kStaleHandle);
  EXPECT_EQ(acquire_code(second), Code::kOk);
}

TEST_F(HandleTableTest, aClosedHandleIsStaleAlsoWhenAnotherKindIsWanted) {
  const Handle handle = insert_number(1);
  ASSERT_TRUE(table_.remove<int>(handle, Kind::kRegion).ok());
  EXPECT_EQ(acquire_code(handle, Kind::kDevice), Code::kStaleHandle);
}

TEST_F(HandleTableTest, aHandleOfAnotherKindIsToldAsSuch) {
  const Handle handle = insert_number(1, Kind::kPagePool);
  Result<std::shared_ptr<int>> found = table_.acquire<int>(handle, Kind::kRegion);
  EXPECT_EQ(found.status().code(), Code::kWrongKind);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("names a page pool, where a region is wanted"));
  EXPECT_EQ(table_.remove<int>(handle, Kind::kRegion).status().code(), Code::kWrongKind);
  EXPECT_EQ(acquire_code(handle, Kind::kPagePool), Code::kOk) << "a wrong close must not close";
}

TEST_F(HandleTableTest, handlesThatNobodyGaveOutAreStale) {
  const Handle handle = insert_number(1);
  const Handle other_kind = (handle & ~(Handle{0xff} << 56)) | Handle{1} << 56;
  for (const Handle forged : {Handle{0}, Handle{1}, handle + 1, handle ^ Handle{1} << 32, other_kind, ~Handle{0}}) {
    EXPECT_EQ(acquire_code(forged), Code::kStaleHandle) << std::hex << forged;
    EXPECT_EQ(acquire_code(forged, Kind::kDevice), Code::kStaleHandle) << std::hex << forged;
  }
  EXPECT_EQ(acquire_code(handle), Code::kOk);
}

TEST_F(HandleTableTest, theMessageNamesTheKindAndTheHandle) {
  Result<std::shared_ptr<int>> found = table_.acquire<int>(0x1234, Kind::kRegion);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("region 0x1234"));
}

TEST_F(HandleTableTest, anAcquiredObjectOutlivesItsHandle) {
  const auto object = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = object;
  const Handle handle = insert(Kind::kRegion, object);
  {
    Result<std::shared_ptr<int>> borrowed = table_.acquire<int>(handle, Kind::kRegion);
    ASSERT_TRUE(borrowed.ok());
    ASSERT_TRUE(table_.remove<int>(handle, Kind::kRegion).ok());
    EXPECT_EQ(**borrowed, 7);
    EXPECT_EQ(watched.use_count(), 2) << "the test's and the borrower's";
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST_F(HandleTableTest, theObjectGoesOutsideTheTablesLock) {
  // Method: the object's end uses the table, which would deadlock if the table were locked.
  const Handle inner = insert_number(1);
  static int target = 0;
  const Handle outer = insert(Kind::kDevice, std::shared_ptr<void>(&target, [this, inner](void*) {
                                EXPECT_TRUE(table_.remove<int>(inner, Kind::kRegion).ok());
                              }));
  EXPECT_TRUE(table_.remove<int>(outer, Kind::kDevice).ok());
  EXPECT_EQ(acquire_code(inner), Code::kStaleHandle);
}

TEST_F(HandleTableTest, ofManyClosesAtOnceExactlyOneSucceeds) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 200; ++round) {
    const Handle handle = insert_number(round);
    std::latch start(kThreads);
    std::atomic<int> closed = 0;
    std::atomic<int> stale = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        const Code code = table_.remove<int>(handle, Kind::kRegion).status().code();
        if (code == Code::kOk) ++closed;
        if (code == Code::kStaleHandle) ++stale;
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(closed, 1);
    ASSERT_EQ(stale, kThreads - 1);
  }
}

TEST_F(HandleTableTest, openingUsingAndClosingFromManyThreadsMixesNothingUp) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const int number = t * 1000 + i;
        Result<Handle> handle = table_.insert(Kind::kRegion, std::make_shared<int>(number));
        Result<std::shared_ptr<int>> found = table_.acquire<int>(*handle, Kind::kRegion);
        if (!found.ok() || **found != number) ++wrong;
        if (!table_.remove<int>(*handle, Kind::kRegion).ok()) ++wrong;
        if (acquire_code(*handle) != Code::kStaleHandle) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(HandleTableTest, freedSlotsAreUsedBeforeNewOnesAreMade) {
  std::vector<Handle> handles;
  for (int i = 0; i < 100; ++i) handles.push_back(insert_number(i));
  std::set<Handle> slots;
  for (const Handle handle : handles) {
    slots.insert(handle & kSlotMask);
    ASSERT_TRUE(table_.remove<int>(handle, Kind::kRegion).ok());
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(slots.count(insert_number(i) & kSlotMask), 1U);
}

TEST_F(HandleTableTest, aSlotWhoseGenerationsAreUsedUpIsNeverUsedAgain) {
  // Method: open and close one slot through its 2^24 - 1 generations.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "SKIPPED: 16 million rounds take too long under a sanitizer";
#endif
  static int target = 0;
  const std::shared_ptr<void> object(&target, [](void*) {});
  const Handle first = insert(Kind::kRegion, object);
  ASSERT_TRUE(table_.remove<int>(first, Kind::kRegion).ok());
  Handle handle = first;
  for (uint32_t generation = 2; generation < (1U << 24); ++generation) {
    Result<Handle> next = table_.insert(Kind::kRegion, object);
    ASSERT_TRUE(next.ok() && table_.remove<int>(*next, Kind::kRegion).ok());
    handle = *next;
  }
  ASSERT_EQ(handle & kSlotMask, first & kSlotMask);
  const Handle fresh = insert(Kind::kRegion, object);
  EXPECT_NE(fresh & kSlotMask, first & kSlotMask);
  EXPECT_EQ(acquire_code(first), Code::kStaleHandle);
  EXPECT_EQ(acquire_code(handle), Code::kStaleHandle);
}

TEST_F(HandleTableTest, memoryThatRunsOutDuringAnInsertLeavesTheTableAsItWas) {
  const auto object = std::make_shared<int>(5);
  for (uint64_t n = 1;; ++n) {
    ASSERT_LT(n, 100U);
    HandleTable table;
    Result<Handle> kept = table.insert(Kind::kRegion, object);
    ASSERT_TRUE(kept.ok());
    bool failed = false;
    {
      const test::FailAllocationAfter failing(n);
      try {
        EXPECT_TRUE(table.insert(Kind::kRegion, object).ok());
      } catch (const std::bad_alloc&) {
        failed = true;
      }
    }
    EXPECT_EQ(object.use_count(), failed ? 2 : 3);
    EXPECT_TRUE(table.acquire<int>(*kept, Kind::kRegion).ok());
    Result<Handle> later = table.insert(Kind::kRegion, object);
    ASSERT_TRUE(later.ok());
    EXPECT_TRUE(table.remove<int>(*later, Kind::kRegion).ok());
    if (!failed) break;
  }
}

TEST_F(HandleTableTest, closingNeedsNoMemory) {
  std::vector<Handle> handles;
  handles.reserve(50);
  for (int i = 0; i < 50; ++i) handles.push_back(insert_number(i));
  const test::AllocationCount count;
  for (const Handle handle : handles) EXPECT_TRUE(table_.remove<int>(handle, Kind::kRegion).ok());
  EXPECT_EQ(count.value(), 0U);
}

TEST(ProcessHandleTableTest, thereIsOnePerProcess) { EXPECT_EQ(&HandleTable::instance(), &HandleTable::instance()); }

}  // namespace
}  // namespace windlass
