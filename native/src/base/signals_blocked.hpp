// Blocks all signals of a thread for a while, so that the threads it starts meanwhile are born with them blocked: the
// host program's handlers never run on a thread of ours.
#pragma once

#include <pthread.h>

#include <csignal>

namespace windlass {

class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace windlass
