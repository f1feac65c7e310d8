// Makes an allocation of this thread fail, deterministically.
//
//   for (uint64_t n = 1;; ++n) {
//     FailAllocationAfter failing(n);
//     act();                       // may throw std::bad_alloc, or turn it into a status
//     if (!failing.fired()) break;  // act() made fewer than n allocations: every one has been failed
//   }
//
// Works through the test program's own operator new, which counts down per thread: threads that act() starts are not
// affected.
#pragma once

#include <cstdint>

namespace windlass::test {

class FailAllocationAfter {
 public:
  // The nth allocation from now on (1: the next) throws std::bad_alloc, once.
  explicit FailAllocationAfter(uint64_t nth) noexcept;
  ~FailAllocationAfter();
  FailAllocationAfter(const FailAllocationAfter&) = delete;
  FailAllocationAfter& operator=(const FailAllocationAfter&) = delete;

  // Whether an allocation was failed.
  bool fired() const noexcept;
};

// Counts this thread's allocations while it exists.
class AllocationCount {
 public:
  AllocationCount() noexcept;
  uint64_t value() const noexcept;

 private:
  uint64_t start_;
};

}  // namespace windlass::test
