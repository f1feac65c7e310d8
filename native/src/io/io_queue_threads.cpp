#include "io/io_queue_threads.hpp"

#include <algorithm>
#include <cassert>
#include <csignal>
#include <utility>

namespace windlass {

namespace {

// A disk is kept busy by a few large transfers at once; more threads only take turns.
constexpr uint32_t kMostThreads = 8;

}  // namespace

Result<std::unique_ptr<IoQueue>> ThreadsQueue::open(const IoQueueOptions& options, std::string note) {
  return std::unique_ptr<IoQueue>(std::make_unique<ThreadsQueue>(options, std::move(note)));
}

ThreadsQueue::ThreadsQueue(const IoQueueOptions& options, std::string note)
    : calls_(*options.calls), depth_(options.depth) {
  note_ = std::move(note);
  threads_.reserve(std::min(depth_, kMostThreads));
  waiting_.reserve(depth_);
  ended_.reserve(depth_);
}

ThreadsQueue::~ThreadsQueue() {
  while (next(true)) {
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  request_arrived_.notify_all();
  for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
}

void ThreadsQueue::use(int descriptor, uint64_t alignment_bytes) noexcept {
  assert(under_way_ == 0);
  const std::lock_guard lock(mutex_);
  descriptor_ = descriptor;
  alignment_bytes_ = alignment_bytes;
}

int ThreadsQueue::start(const IoRequest& request) noexcept {
  assert(under_way_ < depth_);
  ++under_way_;
  start_threads();
  if (threads_.empty()) {
    ended_.push_back(transfer(request));
    return 0;
  }
  {
    const std::lock_guard lock(mutex_);
    waiting_.insert(waiting_.begin(), request);
  }
  request_arrived_.notify_one();
  return 0;
}

std::optional<IoCompletion> ThreadsQueue::next(bool wait) noexcept {
  if (under_way_ == 0) return std::nullopt;
  std::unique_lock lock(mutex_);
  if (wait) request_ended_.wait(lock, [this] { return !ended_.empty(); });
  if (ended_.empty()) return std::nullopt;
  const IoCompletion completion = ended_.back();
  ended_.pop_back();
  --under_way_;
  return completion;
}

void ThreadsQueue::start_threads() noexcept {
  if (threads_started_) return;
  threads_started_ = true;
  // The host program's signal handlers never run on these threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto loop = [](void* queue) -> void* {
    static_cast<ThreadsQueue*>(queue)->thread_loop();
    return nullptr;
  };
  while (threads_.size() < threads_.capacity()) {
    pthread_t thread{};
    if (pthread_create(&thread, nullptr, loop, this) != 0) break;
    threads_.push_back(thread);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadsQueue::thread_loop() noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    request_arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const IoRequest request = waiting_.back();
    waiting_.pop_back();
    lock.unlock();
    const IoCompletion completion = transfer(request);
    lock.lock();
    ended_.push_back(completion);
    request_ended_.notify_one();
  }
}

IoCompletion ThreadsQueue::transfer(const IoRequest& request) const noexcept {
  IoProgress progress{.request = request};
  while (true) {
    std::byte* const memory = request.memory + progress.done_bytes;
    const uint64_t bytes = request.bytes - progress.done_bytes;
    const uint64_t offset = request.offset + progress.done_bytes;
    const int64_t result = request.kind == IoRequest::Kind::kRead ? calls_.read_at(descriptor_, memory, bytes, offset)
                                                                  : calls_.write_at(descriptor_, memory, bytes, offset);
    if (const std::optional<IoCompletion> ended = progress.advance(result, alignment_bytes_)) return *ended;
  }
}

}  // namespace windlass
