// Whoever pins pages: readies them for the fastest copies of a device, and lets go of them again.
//
// A pool of pages has one, and calls it from a thread of its own, because pinning takes long.
//
// Threads: pin and unpin may be called at once, for different ranges.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.hpp"

namespace windlass {

class PagePinner {
 public:
  PagePinner() = default;
  virtual ~PagePinner() = default;
  PagePinner(const PagePinner&) = delete;
  PagePinner& operator=(const PagePinner&) = delete;

  // Names it in messages.
  virtual std::string name() const = 0;

  // Pinners that pin with the same thing have the same identity, and stand for one another.
  virtual const void* identity() const noexcept { return this; }

  // A call that fails changes nothing. Errors: kNoMemory; kPermission; kDevice.
  virtual Status pin(void* address, uint64_t bytes) = 0;

  // Takes a range that was pinned, as a whole. Where it fails, the device may still reach the pages. Errors: kDevice.
  virtual Status unpin(void* address, uint64_t bytes) = 0;
};

}  // namespace windlass
