// A file descriptor with an owner, who closes it.
#pragma once

#include <utility>

#include "base/status.hpp"

namespace windlass {

class OwnedDescriptor {
 public:
  OwnedDescriptor() noexcept = default;
  explicit OwnedDescriptor(int number) noexcept : number_(number) {}
  ~OwnedDescriptor() { reset(); }
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  OwnedDescriptor(const OwnedDescriptor&) = delete;
  OwnedDescriptor& operator=(const OwnedDescriptor&) = delete;

  // A second descriptor for what number stands for, closed on exec. Errors: kNoMemory (too many open files);
  // kInvalidArgument (there is no such descriptor).
  static Result<OwnedDescriptor> duplicate_of(int number);

  bool valid() const noexcept { return number_ >= 0; }
  int number() const noexcept { return number_; }
  // Leaves it to the caller to close.
  int take() noexcept { return std::exchange(number_, -1); }
  void reset() noexcept;

 private:
  int number_ = -1;
};

}  // namespace windlass
