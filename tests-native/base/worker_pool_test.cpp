#include "base/worker_pool.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <latch>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

TEST(WorkerPoolTest, everyItemIsDoneExactlyOnce) {
  for (const uint32_t threads : {1U, 2U, 4U, 8U}) {
    WorkerPool pool(threads);
    for (const uint64_t count : {0U, 1U, 2U, 7U, 1000U}) {
      std::vector<std::atomic<int>> done(count);
      EXPECT_TRUE(pool.run(count,
                           [&](uint64_t i) {
                             ++done[i];
                             return Status();
                           })
                      .ok());
      for (const std::atomic<int>& times : done) ASSERT_EQ(times, 1);
    }
  }
}

TEST(WorkerPoolTest, itemsAreDoneBySeveralThreadsAtOnce) {
  // Method: each of as many items as there are threads waits until all have begun.
  constexpr uint32_t kThreads = 4;
  WorkerPool pool(kThreads);
  for (int round = 0; round < 10; ++round) {
    std::latch begun(kThreads);
    EXPECT_TRUE(pool.run(kThreads,
                         [&](uint64_t) {
                           begun.arrive_and_wait();
                           return Status();
                         })
                    .ok());
  }
}

TEST(WorkerPoolTest, oneThreadMeansTheCallers) {
  WorkerPool pool(1);
  std::set<std::thread::id> seen;
  EXPECT_TRUE(pool.run(10,
                       [&](uint64_t) {
                         seen.insert(std::this_thread::get_id());
                         return Status();
                       })
                  .ok());
  EXPECT_EQ(seen, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(WorkerPoolTest, noMoreThreadsThanAllowedWorkAtOnce) {
  WorkerPool pool(8);
  for (const uint32_t most : {1U, 2U, 3U}) {
    std::atomic<uint32_t> working = 0;
    std::atomic<uint32_t> beyond = 0;
    const auto item = [&](uint64_t) {
      if (++working > most) ++beyond;
      std::this_thread::yield();
      --working;
      return Status();
    };
    EXPECT_TRUE(pool.run(1000, item, most).ok());
    EXPECT_EQ(beyond, 0U) << most;
  }
}

TEST(WorkerPoolTest, aLimitedRunStillUsesAllItIsAllowed) {
  // Method: each of as many items as are allowed waits until all have begun.
  WorkerPool pool(6);
  std::latch begun(3);
  const auto item = [&](uint64_t) {
    begun.arrive_and_wait();
    return Status();
  };
  EXPECT_TRUE(pool.run(3, item, 3).ok());
}

TEST(WorkerPoolTest, copyingTakesHalfOfTheThreads) {
  for (const auto& [threads, copying] : {std::pair{1U, 1U}, {2U, 1U}, {3U, 2U}, {8U, 4U}}) {
    EXPECT_EQ(WorkerPool(threads).copying_threads(), copying);
  }
}

TEST(WorkerPoolTest, noThreadsIsTakenAsOne) {
  EXPECT_EQ(WorkerPool(0).thread_count(), 1U);
  EXPECT_GE(WorkerPool::default_thread_count(), 1U);
  EXPECT_LE(WorkerPool::default_thread_count(), 64U);
}

TEST(WorkerPoolTest, theFirstFailureIsReturnedAndNoNewItemBegins) {
  WorkerPool pool(4);
  std::atomic<uint64_t> begun = 0;
  const Status status = pool.run(1000000, [&](uint64_t i) {
    ++begun;
    return i == 10 ? Status::error(Code::kIo, "item 10") : Status();
  });
  EXPECT_EQ(status.code(), Code::kIo);
  EXPECT_EQ(status.message(), "item 10");
  EXPECT_LT(begun, 1000000U);
}

TEST(WorkerPoolTest, aFailureInOneThreadDoesNotSpoilTheNextRun) {
  for (const uint32_t threads : {1U, 3U}) {
    WorkerPool pool(threads);
    EXPECT_FALSE(pool.run(10, [](uint64_t) { return Status::error(Code::kState, "no"); }).ok());
    std::atomic<int> done = 0;
    EXPECT_TRUE(pool.run(10,
                         [&](uint64_t) {
                           ++done;
                           return Status();
                         })
                    .ok());
    EXPECT_EQ(done, 10);
  }
}

TEST(WorkerPoolTest, anExceptionInAWorkerIsAStatus) {
  WorkerPool pool(2);
  const Status status = pool.run(100, [](uint64_t i) -> Status {
    if (i == 50) throw std::bad_alloc();
    return Status();
  });
  EXPECT_EQ(status.code(), Code::kNoMemory);
}

TEST(WorkerPoolTest, runsOfManyThreadsAreAllDone) {
  WorkerPool pool(3);
  std::atomic<uint64_t> sum = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const Status done = pool.run(10, [&](uint64_t i) {
          sum += i;
          return Status();
        });
        EXPECT_TRUE(done.ok());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4U * 50U * 45U);
}

TEST(WorkerPoolTest, workersBlockAllSignalsAndTheCallersMaskIsAsBefore) {
  constexpr uint32_t kThreads = 3;
  WorkerPool pool(kThreads);
  const std::thread::id caller = std::this_thread::get_id();
  std::latch begun(kThreads);
  std::atomic<int> open_workers = 0;
  EXPECT_TRUE(pool.run(kThreads,
                       [&](uint64_t) {
                         begun.arrive_and_wait();
                         sigset_t mask;
                         pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                         const bool open = sigismember(&mask, SIGINT) == 0 || sigismember(&mask, SIGTERM) == 0;
                         if (open && std::this_thread::get_id() != caller) ++open_workers;
                         return Status();
                       })
                  .ok());
  EXPECT_EQ(open_workers, 0);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGINT), 0);
}

TEST(WorkerPoolTest, aPoolThatNeverWorkedEndsWithoutThreads) {
  const test::AllocationCount count;
  { const WorkerPool pool(64); }
  EXPECT_EQ(count.value(), 0U);
}

TEST(WorkerPoolTest, memoryThatRunsOutBeforeTheWorkLeavesThePoolUsable) {
  std::atomic<int> done = 0;
  const std::function<Status(uint64_t)> item = [&done](uint64_t) {
    ++done;
    return Status();
  };
  for (uint64_t n = 1;; ++n) {
    ASSERT_LT(n, 100U);
    WorkerPool pool(4);
    bool failed = false;
    {
      const test::FailAllocationAfter failing(n);
      try {
        EXPECT_TRUE(pool.run(16, item).ok());
      } catch (const std::bad_alloc&) {
        failed = true;
      }
    }
    done = 0;
    EXPECT_TRUE(pool.run(16, item).ok());
    EXPECT_EQ(done, 16);
    if (!failed) break;
  }
}

}  // namespace
}  // namespace windlass
