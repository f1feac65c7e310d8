// Where exceptions end.
//
// Windlass throws nothing itself, but the standard library throws when memory runs out. Whoever must not let that pass
// (the C ABI, a worker thread, a transition that has to be undone) runs its work through contain(). This is the only
// place that catches.
#pragma once

#include <utility>

#include "base/status.hpp"

namespace windlass {

// The exception being handled, as a status. Needs no memory.
Status status_of_current_exception() noexcept;

// Runs work, which returns a Status, and turns what it throws into one.
template <typename Work>
Status contain(Work&& work) noexcept {
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    return status_of_current_exception();
  }
}

}  // namespace windlass
