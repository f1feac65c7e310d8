#include "base/background_thread.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.hpp"

namespace windlass {
namespace {

// Work that counts its pieces, with a gate before each.
class Counted {
 public:
  bool piece() {
    std::unique_lock lock(mutex_);
    ++begun_;
    moved_.notify_all();
    moved_.wait(lock, [this] { return allowed_ > done_; });
    ++done_;
    moved_.notify_all();
    return done_ < wanted_;
  }
  void want(int pieces) {
    const std::lock_guard lock(mutex_);
    wanted_ = pieces;
  }
  void allow(int pieces) {
    const std::lock_guard lock(mutex_);
    allowed_ = pieces;
    moved_.notify_all();
  }
  void wait_begun(int pieces) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return begun_ >= pieces; });
  }
  void wait_done(int pieces) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return done_ >= pieces; });
  }
  int done() {
    const std::lock_guard lock(mutex_);
    return done_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  int begun_ = 0;
  int done_ = 0;
  int wanted_ = 1;
  int allowed_ = 1000;
};

TEST(BackgroundThreadTest, itWorksUntilThereIsNothingLeftAndAgainWhenWoken) {
  Counted counted;
  BackgroundThread thread("test", [&] { return counted.piece(); });
  counted.want(3);
  ASSERT_TRUE(thread.wake().ok());
  counted.wait_done(3);
  ASSERT_TRUE(thread.wake().ok());
  counted.wait_done(4);
}

TEST(BackgroundThreadTest, aWakeDuringAPieceIsNotLost) {
  Counted counted;
  BackgroundThread thread("test", [&] { return counted.piece(); });
  counted.allow(0);
  ASSERT_TRUE(thread.wake().ok());
  counted.wait_begun(1);
  ASSERT_TRUE(thread.wake().ok());
  counted.allow(2);
  counted.wait_done(2);
}

TEST(BackgroundThreadTest, theEndWaitsForThePieceUnderWayAndNoOtherBegins) {
  Counted counted;
  counted.want(100);
  counted.allow(0);
  BackgroundThread thread("test", [&] { return counted.piece(); });
  ASSERT_TRUE(thread.wake().ok());
  counted.wait_begun(1);
  std::thread ending([&] { thread.end(); });
  while (thread.wake().ok()) std::this_thread::yield();  // until the end has begun
  counted.allow(100);
  ending.join();
  EXPECT_EQ(counted.done(), 1);
  EXPECT_EQ(thread.wake().code(), Code::kState);
  thread.end();
}

TEST(BackgroundThreadTest, withoutWorkNoThreadStarts) {
  bool called = false;
  {
    const BackgroundThread thread("test", [&] { return called = true; });
  }
  EXPECT_FALSE(called);
}

TEST(BackgroundThreadTest, itBlocksAllSignals) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  sigset_t blocked;
  sigemptyset(&blocked);
  std::mutex mutex;
  std::condition_variable asked;
  bool done = false;
  BackgroundThread thread("test", [&] {
    const std::lock_guard lock(mutex);
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    done = true;
    asked.notify_all();
    return false;
  });
  ASSERT_TRUE(thread.wake().ok());
  std::unique_lock lock(mutex);
  asked.wait(lock, [&] { return done; });
  EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
  EXPECT_EQ(sigismember(&blocked, SIGUSR1), 1);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGUSR1), sigismember(&before, SIGUSR1)) << "the caller's mask is as it was";
}

TEST(BackgroundThreadTest, workThatThrowsIsLoggedAndTheThreadLives) {
  const auto log = LogSubscriber::open(LogLevel::kError, 4).value();
  Counted counted;
  bool throws = true;
  BackgroundThread thread("test", [&] {
    if (throws) {
      throws = false;
      (void)std::string().at(1);
    }
    return counted.piece();
  });
  ASSERT_TRUE(thread.wake().ok());
  EXPECT_EQ(log->read(std::chrono::seconds(60)).value().source, "test");
  ASSERT_TRUE(thread.wake().ok());
  counted.wait_done(1);
}

}  // namespace
}  // namespace windlass
