// The queue's engine for every machine: a few threads that read and write.
//
// They start with the first request, block all signals, and are joined with the queue. Where the system gives no
// thread, start() does the transfer itself.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/io_queue.hpp"

namespace windlass {

class ThreadsQueue final : public IoQueue {
 public:
  static Result<std::unique_ptr<IoQueue>> open(const IoQueueOptions& options, std::string note);

  explicit ThreadsQueue(const IoQueueOptions& options, std::string note);
  ~ThreadsQueue() override;

  std::string_view name() const noexcept override { return "threads"; }
  void use(int descriptor, uint64_t alignment_bytes) noexcept override;
  int start(const IoRequest& request) noexcept override;
  std::optional<IoCompletion> next(bool wait) noexcept override;
  uint32_t under_way() const noexcept override { return under_way_; }
  uint32_t depth() const noexcept override { return depth_; }

 private:
  void start_threads() noexcept;
  void thread_loop() noexcept;
  IoCompletion transfer(const IoRequest& request) const noexcept;

  FileCalls& calls_;
  const uint32_t depth_;
  uint32_t under_way_ = 0;  // the caller's
  int descriptor_ = -1;     // changes only while nothing is under way
  uint64_t alignment_bytes_ = 1;
  std::vector<pthread_t> threads_;
  bool threads_started_ = false;

  std::mutex mutex_;  // guards what follows; the vectors have room for depth_ from the start
  std::condition_variable request_arrived_;
  std::condition_variable request_ended_;
  std::vector<IoRequest> waiting_;  // the first to go is at the end
  std::vector<IoCompletion> ended_;
  bool stopping_ = false;
};

}  // namespace windlass
