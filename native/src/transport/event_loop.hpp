// One thread that waits for many descriptors, and calls whoever is responsible when one is ready.
//
// A handler may watch, change and forget descriptors, its own included, post work, set timers and cancel them, from
// within its calls. A descriptor that was forgotten is not told of again, even if it was ready at the same time. The
// loop keeps a handler alive while it watches, and through a call of it.
//
// What a handler, a timer or posted work throws is logged, and ends the handler's watch: failed() tells it.
//
// Threads: post, inside and end from any; everything else only on the loop's thread, that is from handlers, timers and
// posted work.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "base/vigil.hpp"
#include "transport/socket_calls.hpp"

namespace windlass {

class EventLoop {
 public:
  class Handler {
   public:
    Handler() = default;
    virtual ~Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;

    // events: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR; level-triggered.
    virtual void ready(uint32_t events) = 0;
    // ready() threw; the descriptor is watched no longer. Close it.
    virtual void failed(const Status& cause) noexcept = 0;
  };

  using TimerId = uint64_t;  // never 0

  // For open().
  EventLoop(std::string name, SocketCalls& calls, Vigil::Patience patience) noexcept;
  ~EventLoop() { end(); }
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Starts its thread, which blocks all signals. name: for the log. Errors: kNoMemory.
  static Result<std::shared_ptr<EventLoop>> open(std::string name, SocketCalls* calls = nullptr,
                                                 Vigil::Patience patience = Vigil::kUsual);

  // Runs work on the loop's thread, after what was posted before. Returns false if the loop has ended; work that has
  // not run by the end is dropped.
  bool post(std::function<void()> work);

  // Whether the caller is on the loop's thread.
  bool inside() const noexcept;

  // Errors: kNoMemory; kInvalidArgument (it is watched already; it cannot be watched).
  Status watch(int descriptor, uint32_t events, std::shared_ptr<Handler> handler);
  Status change(int descriptor, uint32_t events);
  // Before the descriptor is closed. One that is not watched is passed over.
  void forget(int descriptor) noexcept;

  // Calls work once, not before now_ns() is at_ns.
  TimerId set_timer(uint64_t at_ns, std::function<void()> work);
  // One that has run, or was cancelled, is passed over.
  void cancel_timer(TimerId timer) noexcept;

  // Ends the thread after the call that is under way, and lets go of all handlers, timers and work. Not from inside.
  void end() noexcept;

 private:
  struct Watch {
    uint64_t id = 0;
    std::shared_ptr<Handler> handler;
  };
  Status start();
  void loop() noexcept;
  int wait(std::span<epoll_event> events) noexcept;
  void call_ready(uint64_t watch_id, uint32_t events) noexcept;
  void run_posted() noexcept;
  void run_timers() noexcept;
  int wait_ms() const noexcept;
  void wake() noexcept;

  const std::string name_;
  SocketCalls& calls_;
  OwnedDescriptor epoll_;
  OwnedDescriptor wake_;
  pthread_t thread_{};

  // Of the loop's thread.
  std::unordered_map<int, Watch> watches_;           // by descriptor
  std::unordered_map<uint64_t, int> watch_numbers_;  // id → descriptor: events of forgotten ones find none
  uint64_t last_watch_ = 0;
  std::map<std::pair<uint64_t, TimerId>, std::function<void()>> timers_;  // by time
  std::unordered_map<TimerId, uint64_t> timer_times_;
  TimerId last_timer_ = 0;
  Vigil vigil_;

  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::function<void()>> posted_;
  bool running_ = false;
  bool ending_ = false;
  std::atomic<bool> stop_ = false;
};

}  // namespace windlass
