// How often calls were made, by their names.
//
// There is room for all names from the start: a double that allocates would fail in its caller's stead where
// allocations are failed. Threads: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace windlass::fake {

class CallCounts {
 public:
  uint64_t of(std::string_view call) const {
    const auto found =
        std::find_if(counts_.begin(), counts_.end(), [&](const Count& count) { return count.call == call; });
    return found == counts_.end() ? 0 : found->calls;
  }

  // call: a literal. Returns how often it has been made now.
  uint64_t add(std::string_view call) {
    const auto found = std::find_if(counts_.begin(), counts_.end(),
                                    [&](const Count& count) { return count.call.empty() || count.call == call; });
    found->call = call;
    return ++found->calls;
  }

 private:
  struct Count {
    std::string_view call;
    uint64_t calls = 0;
  };
  static constexpr size_t kMostNames = 64;

  std::array<Count, kMostNames> counts_{};
};

}  // namespace windlass::fake
