#include "base/worker_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/contain.hpp"
#include "base/signals_blocked.hpp"

namespace windlass {

WorkerPool::WorkerPool(uint32_t thread_count) noexcept : thread_count_(std::max(thread_count, 1U)) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_arrived_.notify_all();
  for (const pthread_t worker : workers_) pthread_join(worker, nullptr);
}

uint32_t WorkerPool::default_thread_count() noexcept {
  // More than a few threads bring nothing: memory bandwidth is the limit.
  return std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
}

Status WorkerPool::run(uint64_t count, const std::function<Status(uint64_t)>& item, uint32_t most_threads) {
  if (count == 0) return Status();
  const std::unique_lock run_lock(run_mutex_, std::try_to_lock);
  if (!run_lock.owns_lock() || std::min(thread_count_, most_threads) <= 1 || count == 1) {
    for (uint64_t index = 0; index < count; ++index) {
      if (Status done = item(index); !done.ok()) return done;
    }
    return Status();
  }
  start_workers();
  std::unique_lock lock(mutex_);
  item_ = &item;
  next_ = 0;
  count_ = count;
  most_busy_ = most_threads;
  first_failure_ = Status();
  work_arrived_.notify_all();
  work(item, lock);
  work_done_.wait(lock, [this] { return busy_ == 0; });
  item_ = nullptr;
  return std::exchange(first_failure_, Status());
}

void WorkerPool::start_workers() {
  if (workers_.size() + 1 >= thread_count_) return;
  const SignalsBlocked blocked;
  workers_.reserve(thread_count_ - 1);
  const auto loop = [](void* pool) -> void* {
    static_cast<WorkerPool*>(pool)->worker_loop();
    return nullptr;
  };
  while (workers_.size() + 1 < thread_count_) {
    pthread_t worker{};
    // Where the system gives no more threads, those that there are do the work.
    if (pthread_create(&worker, nullptr, loop, this) != 0) return;
    workers_.push_back(worker);
  }
}

void WorkerPool::worker_loop() noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    work_arrived_.wait(lock,
                       [this] { return stopping_ || (item_ != nullptr && next_ < count_ && busy_ < most_busy_); });
    if (stopping_) return;
    work(*item_, lock);
    if (busy_ == 0) work_done_.notify_one();
  }
}

void WorkerPool::work(const std::function<Status(uint64_t)>& item, std::unique_lock<std::mutex>& lock) noexcept {
  ++busy_;
  while (next_ < count_) {
    const uint64_t index = next_++;
    lock.unlock();
    Status done = contain([&] { return item(index); });
    lock.lock();
    if (!done.ok()) {
      if (first_failure_.ok()) first_failure_ = std::move(done);
      next_ = count_;
    }
  }
  --busy_;
}

}  // namespace windlass
