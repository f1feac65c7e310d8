#include "base/background_thread.hpp"

#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/signals_blocked.hpp"
#include "base/text.hpp"

namespace windlass {

BackgroundThread::BackgroundThread(std::string_view source, std::function<bool()> work) noexcept
    : source_(source), work_(std::move(work)) {}

Status BackgroundThread::wake() {
  const std::lock_guard lock(mutex_);
  if (ending_) return Status::error(Code::kState, text(source_, ": its background thread has ended"));
  if (!running_) {
    const SignalsBlocked blocked;
    const auto run = [](void* self) -> void* {
      static_cast<BackgroundThread*>(self)->loop();
      return nullptr;
    };
    if (const int cause = pthread_create(&thread_, nullptr, run, this); cause != 0) {
      return Status::error(Code::kNoMemory,
                           text(source_, ": no background thread: ", errno_text(cause),
                                "; raise the limit of threads (ulimit -u, or the container's), or free some memory"),
                           cause);
    }
    running_ = true;
  }
  pending_ = true;
  awoken_.notify_one();
  return Status();
}

void BackgroundThread::end() noexcept {
  bool joins = false;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    joins = std::exchange(running_, false);
  }
  awoken_.notify_one();
  if (joins) pthread_join(thread_, nullptr);
}

void BackgroundThread::loop() noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    awoken_.wait(lock, [this] { return ending_ || pending_; });
    if (ending_) return;
    pending_ = false;
    lock.unlock();
    bool more = false;
    Status done = contain([&] {
      more = work_();
      return Status();
    });
    if (!done.ok()) log(LogLevel::kError, source_, done.message());
    lock.lock();
    pending_ = pending_ || more;
  }
}

}  // namespace windlass
