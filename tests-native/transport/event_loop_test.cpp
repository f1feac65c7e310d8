#include "transport/event_loop.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/epoll.h>

#include <array>
#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "fake/fake_socket_calls.hpp"
#include "fake/stream_pair.hpp"
#include "support/soon.hpp"

namespace windlass {
namespace {

using fake::FakeSocketCalls;
using fake::StreamPair;

using test::soon;

// Calls what a test gives it.
class Caller final : public EventLoop::Handler {
 public:
  std::function<void(uint32_t)> on_ready;
  std::function<void(const Status&)> on_failure;
  void ready(uint32_t events) override { on_ready(events); }
  void failed(const Status& cause) noexcept override {
    if (on_failure) on_failure(cause);
  }
};

std::shared_ptr<EventLoop> open() { return EventLoop::open("test").value(); }

// Runs work on the loop, and waits for it.
void on_loop(EventLoop& loop, const std::function<void()>& work) {
  std::promise<void> done;
  ASSERT_TRUE(loop.post([&] {
    work();
    done.set_value();
  }));
  ASSERT_EQ(done.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

void send_byte(Stream& stream) {
  const std::array<std::byte, 1> byte{};
  ASSERT_TRUE(stream.send_all(byte, soon()).ok());
}
void receive_byte(Stream& stream) {
  std::array<std::byte, 1> byte{};
  ASSERT_TRUE(stream.receive_exactly(byte, soon()).ok());
}

TEST(EventLoopTest, workRunsOnTheLoopInItsOrder) {
  const std::shared_ptr<EventLoop> loop = open();
  EXPECT_FALSE(loop->inside());
  std::vector<int> order;
  for (int at = 0; at < 100; ++at) ASSERT_TRUE(loop->post([&order, at] { order.push_back(at); }));
  on_loop(*loop, [&] { EXPECT_TRUE(loop->inside()); });
  ASSERT_EQ(order.size(), 100U);
  for (int at = 0; at < 100; ++at) EXPECT_EQ(order[static_cast<size_t>(at)], at);
}

TEST(EventLoopTest, aHandlerIsToldWhenItsDescriptorIsReady) {
  StreamPair pair;
  const std::shared_ptr<EventLoop> loop = open();
  std::promise<uint32_t> told;
  auto handler = std::make_shared<Caller>();
  handler->on_ready = [&](uint32_t events) {
    receive_byte(pair.one);
    told.set_value(events);
  };
  on_loop(*loop, [&] { ASSERT_TRUE(loop->watch(pair.one.descriptor(), EPOLLIN, handler).ok()); });
  send_byte(pair.other);
  EXPECT_EQ(told.get_future().get(), static_cast<uint32_t>(EPOLLIN));
  on_loop(*loop, [&] {
    EXPECT_EQ(loop->watch(pair.one.descriptor(), EPOLLIN, handler).code(), Code::kInvalidArgument);
    loop->forget(pair.one.descriptor());
    loop->forget(pair.one.descriptor());
    EXPECT_EQ(loop->change(pair.one.descriptor(), EPOLLOUT).code(), Code::kInvalidArgument);
  });
}

TEST(EventLoopTest, whatIsWaitedForCanChange) {
  StreamPair pair;
  const std::shared_ptr<EventLoop> loop = open();
  std::promise<void> writable;
  auto handler = std::make_shared<Caller>();
  handler->on_ready = [&](uint32_t events) {
    EXPECT_EQ(events, static_cast<uint32_t>(EPOLLOUT));
    EXPECT_TRUE(loop->change(pair.one.descriptor(), 0).ok());
    writable.set_value();
  };
  on_loop(*loop, [&] {
    ASSERT_TRUE(loop->watch(pair.one.descriptor(), EPOLLIN, handler).ok());
    ASSERT_TRUE(loop->change(pair.one.descriptor(), EPOLLOUT).ok());
  });
  writable.get_future().get();
}

// Goal: a handler that ends itself and another, both ready at once, is safe. Method: each forgets both; one is called.
TEST(EventLoopTest, aHandlerMayForgetItselfAndOthersThatAreReady) {
  StreamPair first;
  StreamPair second;
  const std::shared_ptr<EventLoop> loop = open();
  int calls = 0;
  std::weak_ptr<Caller> watched;
  on_loop(*loop, [&] {
    for (StreamPair* pair : {&first, &second}) {
      send_byte(pair->other);
      auto handler = std::make_shared<Caller>();
      watched = handler;
      handler->on_ready = [&calls, &first, &second, raw = loop.get()](uint32_t) {
        ++calls;
        raw->forget(first.one.descriptor());
        raw->forget(second.one.descriptor());
      };
      ASSERT_TRUE(loop->watch(pair->one.descriptor(), EPOLLIN, handler).ok());
    }
  });
  // The events of both were there before the loop looked.
  while (!watched.expired()) on_loop(*loop, [] {});
  on_loop(*loop, [] {});
  EXPECT_EQ(calls, 1);
}

TEST(EventLoopTest, aDescriptorsNumberThatIsUsedAgainIsNotTakenForTheOldOne) {
  StreamPair first;
  auto second = std::make_unique<StreamPair>();
  const std::shared_ptr<EventLoop> loop = open();
  std::promise<void> done;
  bool stale = false;
  on_loop(*loop, [&] {
    send_byte(first.other);
    send_byte(second->other);
    auto old = std::make_shared<Caller>();
    old->on_ready = [&](uint32_t) { stale = true; };
    auto ender = std::make_shared<Caller>();
    ender->on_ready = [&](uint32_t) {
      loop->forget(first.one.descriptor());
      loop->forget(second->one.descriptor());
      auto fresh = std::make_shared<Caller>();
      fresh->on_ready = [&](uint32_t) { ADD_FAILURE() << "told of what was another's"; };
      receive_byte(second->one);
      ASSERT_TRUE(loop->watch(second->one.descriptor(), EPOLLIN, fresh).ok());
      done.set_value();
    };
    ASSERT_TRUE(loop->watch(first.one.descriptor(), EPOLLIN, ender).ok());
    ASSERT_TRUE(loop->watch(second->one.descriptor(), EPOLLIN, old).ok());
  });
  done.get_future().get();
  on_loop(*loop, [] {});
  EXPECT_FALSE(stale);
}

TEST(EventLoopTest, timersRunInTheirOrderUnlessCancelled) {
  const std::shared_ptr<EventLoop> loop = open();
  std::vector<int> order;
  std::promise<void> last;
  on_loop(*loop, [&] {
    const uint64_t now = now_ns();
    loop->set_timer(now + 30'000'000, [&] {
      order.push_back(3);
      last.set_value();
    });
    loop->set_timer(now, [&] { order.push_back(1); });
    const EventLoop::TimerId cancelled = loop->set_timer(now + 1'000'000, [&] { order.push_back(0); });
    loop->set_timer(now + 2'000'000, [&] { order.push_back(2); });
    loop->cancel_timer(cancelled);
    loop->cancel_timer(cancelled);
  });
  last.get_future().get();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(EventLoopTest, whatAHandlerThrowsEndsItsWatchAlone) {
  StreamPair pair;
  const std::shared_ptr<EventLoop> loop = open();
  std::promise<Code> failure;
  auto handler = std::make_shared<Caller>();
  handler->on_ready = [](uint32_t) { throw std::bad_alloc(); };
  handler->on_failure = [&](const Status& cause) { failure.set_value(cause.code()); };
  on_loop(*loop, [&] { ASSERT_TRUE(loop->watch(pair.one.descriptor(), EPOLLIN, handler).ok()); });
  send_byte(pair.other);
  EXPECT_EQ(failure.get_future().get(), Code::kNoMemory);
  ASSERT_TRUE(loop->post([] { throw std::runtime_error("posted"); }));
  on_loop(*loop, [&] {
    loop->set_timer(0, [] { throw std::runtime_error("timer"); });
    EXPECT_FALSE(loop->change(pair.one.descriptor(), EPOLLIN).ok());
  });
  on_loop(*loop, [] {});
}

TEST(EventLoopTest, theEndLetsGoOfEverything) {
  StreamPair pair;
  auto handler = std::make_shared<Caller>();
  auto held = std::make_shared<int>(1);
  const std::shared_ptr<EventLoop> loop = open();
  on_loop(*loop, [&] {
    ASSERT_TRUE(loop->watch(pair.one.descriptor(), EPOLLIN, handler).ok());
    loop->set_timer(now_ns() + 3'600'000'000'000, [held] {});
  });
  loop->end();
  EXPECT_EQ(handler.use_count(), 1);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(loop->post([] { ADD_FAILURE(); }));
  loop->end();
}

TEST(EventLoopTest, itsThreadBlocksAllSignals) {
  const std::shared_ptr<EventLoop> loop = open();
  on_loop(*loop, [] {
    sigset_t blocked;
    ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &blocked), 0);
    EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
    EXPECT_EQ(sigismember(&blocked, SIGUSR1), 1);
  });
}

TEST(EventLoopTest, everyStepOfOpeningMayFail) {
  for (const char* call : {"epoll_open", "event_open", "epoll_control"}) {
    FakeSocketCalls calls;
    calls.fail_nth(call, 1, EMFILE);
    EXPECT_EQ(EventLoop::open("test", &calls).status().code(), Code::kNoMemory) << call;
  }
  FakeSocketCalls calls;
  StreamPair pair;
  const std::shared_ptr<EventLoop> loop = EventLoop::open("test", &calls).value();
  calls.fail_nth("epoll_control", 1, ENOSPC);
  auto handler = std::make_shared<Caller>();
  on_loop(*loop, [&] {
    EXPECT_EQ(loop->watch(pair.one.descriptor(), EPOLLIN, handler).code(), Code::kNoMemory);
    EXPECT_EQ(loop->watch(-1, EPOLLIN, handler).code(), Code::kInvalidArgument);
    EXPECT_TRUE(loop->watch(pair.one.descriptor(), EPOLLIN, handler).ok());
  });
}

TEST(EventLoopTest, manyThreadsMayPostAtOnce) {
  const std::shared_ptr<EventLoop> loop = open();
  uint64_t sum = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int at = 0; at < 1000; ++at) EXPECT_TRUE(loop->post([&sum] { ++sum; }));
    });
  }
  for (std::thread& thread : threads) thread.join();
  on_loop(*loop, [] {});
  EXPECT_EQ(sum, 4000U);
}

}  // namespace
}  // namespace windlass
