// A few threads that share out one piece of work at a time.
//
// run() divides work among the workers and the caller and returns when all of it is done. Workers start with the first
// piece that needs them, sleep between pieces, block all signals (the host program's handlers never run on them), and
// end with the pool.
//
// Threads: any. The workers serve one run() at a time; another meanwhile does its work in its own thread.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/status.hpp"

namespace windlass {

class WorkerPool {
 public:
  // thread_count counts the caller: 1 does everything in the calling thread.
  explicit WorkerPool(uint32_t thread_count) noexcept;
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Calls item(0) to item(count - 1), several at once. After the first failure no new item begins, and it is returned.
  // An item must not call run() of the same pool. No more than most_threads work on it, the caller included.
  Status run(uint64_t count, const std::function<Status(uint64_t)>& item, uint32_t most_threads = UINT32_MAX);

  uint32_t thread_count() const noexcept { return thread_count_; }

  // As many of them as copying needs: half of the processors already take all that memory gives.
  uint32_t copying_threads() const noexcept { return thread_count_ / 2 + thread_count_ % 2; }

  // As many threads as pay for copying and populating on this machine.
  static uint32_t default_thread_count() noexcept;

 private:
  void start_workers();
  void worker_loop() noexcept;
  void work(const std::function<Status(uint64_t)>& item, std::unique_lock<std::mutex>& lock) noexcept;

  const uint32_t thread_count_;
  std::mutex run_mutex_;  // held by the run() that has the workers
  std::mutex mutex_;      // guards what follows
  std::condition_variable work_arrived_;
  std::condition_variable work_done_;
  std::vector<pthread_t> workers_;
  const std::function<Status(uint64_t)>* item_ = nullptr;
  uint64_t next_ = 0;
  uint64_t count_ = 0;
  uint32_t busy_ = 0;
  uint32_t most_busy_ = 0;
  Status first_failure_;
  bool stopping_ = false;
};

}  // namespace windlass
