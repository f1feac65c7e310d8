// Numbers that nobody guesses or repeats, to tell apart what may bear the same name.
#pragma once

#include <cstdint>

namespace windlass {

// Random, and not 0.
uint64_t fresh_nonce() noexcept;

}  // namespace windlass
