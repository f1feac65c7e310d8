#include "transport/event_loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/signals_blocked.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr size_t kEventsAtOnce = 64;
constexpr uint64_t kWakeWatch = 0;  // no watch has this id

Status no_descriptor(std::string_view name, int error) {
  return Status::error(
      Code::kNoMemory,
      text(name, ": no event loop: ", errno_text(error), "; raise the limit of open files (ulimit -n)"), error);
}

}  // namespace

EventLoop::EventLoop(std::string name, SocketCalls& calls, Vigil::Patience patience) noexcept
    : name_(std::move(name)), calls_(calls), vigil_(patience) {}

Result<std::shared_ptr<EventLoop>> EventLoop::open(std::string name, SocketCalls* calls, Vigil::Patience patience) {
  auto loop = std::make_shared<EventLoop>(std::move(name), calls != nullptr ? *calls : SocketCalls::system(), patience);
  if (Status started = loop->start(); !started.ok()) return started;
  return loop;
}

Status EventLoop::start() {
  const int epoll = calls_.epoll_open();
  if (epoll < 0) return no_descriptor(name_, -epoll);
  epoll_ = OwnedDescriptor(epoll);
  const int woken = calls_.event_open();
  if (woken < 0) return no_descriptor(name_, -woken);
  wake_ = OwnedDescriptor(woken);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeWatch;
  const int added = calls_.epoll_control(epoll, EPOLL_CTL_ADD, woken, &event);
  if (added < 0) return no_descriptor(name_, -added);
  const std::lock_guard lock(mutex_);
  const SignalsBlocked blocked;
  const auto run = [](void* self) -> void* {
    static_cast<EventLoop*>(self)->loop();
    return nullptr;
  };
  if (const int cause = pthread_create(&thread_, nullptr, run, this); cause != 0) {
    return Status::error(Code::kNoMemory,
                         text(name_, ": no thread for an event loop: ", errno_text(cause),
                              "; raise the limit of threads (ulimit -u, or the container's), or free some memory"),
                         cause);
  }
  running_ = true;
  return Status();
}

bool EventLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (!running_ || ending_) return false;
    posted_.push_back(std::move(work));
    if (posted_.size() > 1) return true;  // it has been woken already
  }
  wake();
  return true;
}

bool EventLoop::inside() const noexcept {
  const std::lock_guard lock(mutex_);
  return running_ && pthread_equal(pthread_self(), thread_) != 0;
}

Status EventLoop::watch(int descriptor, uint32_t events, std::shared_ptr<Handler> handler) {
  if (watches_.contains(descriptor)) {
    return Status::error(Code::kInvalidArgument, text(name_, ": descriptor ", descriptor, " is watched already"));
  }
  const uint64_t id = ++last_watch_;
  watch_numbers_.emplace(id, descriptor);
  Status added = contain([&]() -> Status {
    watches_.emplace(descriptor, Watch{id, std::move(handler)});
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    const int done = calls_.epoll_control(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event);
    if (done >= 0) return Status();
    watches_.erase(descriptor);
    const bool memory = done == -ENOMEM || done == -ENOSPC;
    return Status::error(memory ? Code::kNoMemory : Code::kInvalidArgument,
                         text(name_, ": descriptor ", descriptor, " cannot be watched: ", errno_text(-done)), -done);
  });
  if (!added.ok()) watch_numbers_.erase(id);
  return added;
}

Status EventLoop::change(int descriptor, uint32_t events) {
  const auto found = watches_.find(descriptor);
  epoll_event event{};
  event.events = events;
  event.data.u64 = found != watches_.end() ? found->second.id : kWakeWatch;
  const int done =
      found == watches_.end() ? -ENOENT : calls_.epoll_control(epoll_.number(), EPOLL_CTL_MOD, descriptor, &event);
  if (done >= 0) return Status();
  return Status::error(done == -ENOMEM ? Code::kNoMemory : Code::kInvalidArgument,
                       text(name_, ": descriptor ", descriptor, " is not watched: ", errno_text(-done)), -done);
}

void EventLoop::forget(int descriptor) noexcept {
  const auto found = watches_.find(descriptor);
  if (found == watches_.end()) return;
  epoll_event unused{};
  calls_.epoll_control(epoll_.number(), EPOLL_CTL_DEL, descriptor, &unused);
  watch_numbers_.erase(found->second.id);
  // Its end may call forget() in turn.
  const std::shared_ptr<Handler> handler = std::move(found->second.handler);
  watches_.erase(found);
}

EventLoop::TimerId EventLoop::set_timer(uint64_t at_ns, std::function<void()> work) {
  const TimerId id = ++last_timer_;
  timers_.emplace(std::pair(at_ns, id), std::move(work));
  timer_times_.emplace(id, at_ns);
  return id;
}

void EventLoop::cancel_timer(TimerId timer) noexcept {
  const auto known = timer_times_.find(timer);
  if (known == timer_times_.end()) return;
  // Dropped last: what the work holds may set and cancel timers as it ends.
  const auto taken = timers_.extract(std::pair(known->second, timer));
  timer_times_.erase(known);
}

void EventLoop::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || !running_) return;
    ending_ = true;
  }
  stop_.store(true);
  wake();
  pthread_join(thread_, nullptr);
  std::vector<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    dropped.swap(posted_);
  }
}

void EventLoop::loop() noexcept {
  std::array<epoll_event, kEventsAtOnce> events{};
  while (!stop_.load()) {
    const int count = wait(events);
    if (count < 0 && count != -EINTR) {
      log(LogLevel::kError, "transport", "an event loop cannot wait for events; it goes on trying");
    }
    for (int at = 0; at < count && !stop_.load(); ++at) {
      const epoll_event& event = events[static_cast<size_t>(at)];
      if (event.data.u64 == kWakeWatch) {
        eventfd_t counted = 0;
        // Only the last wake of many is read, and they all mean the same.
        if (eventfd_read(wake_.number(), &counted) != 0) continue;
      } else {
        call_ready(event.data.u64, event.events);
      }
    }
    run_timers();
    run_posted();
  }
  // Here, because handlers rely on being on this thread when they end.
  while (!watches_.empty()) forget(watches_.begin()->first);
  timer_times_.clear();
  timers_.clear();
}

// Looks on for a while before it sleeps, where events have come quickly.
int EventLoop::wait(std::span<epoll_event> events) noexcept {
  vigil_.begin();
  int count = 0;
  while (count == 0 && vigil_.looks_on()) count = calls_.epoll_wait(epoll_.number(), events, 0);
  if (count == 0) count = calls_.epoll_wait(epoll_.number(), events, wait_ms());
  vigil_.end();
  return count;
}

void EventLoop::call_ready(uint64_t watch_id, uint32_t events) noexcept {
  const auto found = watch_numbers_.find(watch_id);
  if (found == watch_numbers_.end()) return;  // forgotten since
  const int descriptor = found->second;
  const std::shared_ptr<Handler> handler = watches_.find(descriptor)->second.handler;
  const Status done = contain([&] {
    handler->ready(events);
    return Status();
  });
  if (done.ok()) return;
  log(LogLevel::kError, "transport", done.message());
  // Unless it has forgotten it, and another took its place.
  if (watch_numbers_.contains(watch_id)) forget(descriptor);
  handler->failed(done);
}

void EventLoop::run_posted() noexcept {
  std::vector<std::function<void()>> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(posted_);
  }
  for (const std::function<void()>& work : taken) {
    if (stop_.load()) return;
    const Status done = contain([&] {
      work();
      return Status();
    });
    if (!done.ok()) log(LogLevel::kError, "transport", done.message());
  }
}

void EventLoop::run_timers() noexcept {
  const uint64_t now = now_ns();
  while (!timers_.empty() && timers_.begin()->first.first <= now && !stop_.load()) {
    const auto taken = timers_.extract(timers_.begin());
    timer_times_.erase(taken.key().second);
    const Status done = contain([&] {
      taken.mapped()();
      return Status();
    });
    if (!done.ok()) log(LogLevel::kError, "transport", done.message());
  }
}

int EventLoop::wait_ms() const noexcept {
  if (timers_.empty()) return -1;
  const uint64_t now = now_ns();
  const uint64_t at = timers_.begin()->first.first;
  if (at <= now) return 0;
  constexpr uint64_t kMostMs = std::numeric_limits<int>::max();
  return static_cast<int>(std::min((at - now - 1) / 1'000'000 + 1, kMostMs));
}

void EventLoop::wake() noexcept {
  // It fails only where the counter is full, and then the loop is awake.
  static_cast<void>(eventfd_write(wake_.number(), 1));
}

}  // namespace windlass
