// One thread behind an object, for work that nobody waits for.
//
// wake() says that there is work. The thread then works, piece by piece, until there is none left, and sleeps. It
// starts with the first wake, blocks all signals, and ends with its owner, after the piece that is under way.
//
// Threads: any, but end() must not be called by the work.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>

#include "base/status.hpp"

namespace windlass {

class BackgroundThread {
 public:
  // work does one piece, and returns whether there may be more. source, a literal, is whom the log names should the
  // work throw; what was left of it then waits for the next wake.
  BackgroundThread(std::string_view source, std::function<bool()> work) noexcept;
  ~BackgroundThread() { end(); }
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  // Errors: kNoMemory (the system gives no thread); kState (it has ended).
  Status wake();

  // Waits for the piece that is under way; no other begins.
  void end() noexcept;

 private:
  void loop() noexcept;

  const std::string_view source_;
  const std::function<bool()> work_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable awoken_;
  pthread_t thread_{};
  bool running_ = false;
  bool pending_ = false;
  bool ending_ = false;
};

}  // namespace windlass
