// Limits on what a scope may say.
#pragma once

#include <cstddef>

namespace windlass {

inline constexpr size_t kMostTagBytes = 255;
// Scopes within scopes, of one thread: more are a leave that was forgotten.
inline constexpr size_t kMostScopes = 1024;

}  // namespace windlass
