// What a key may be: UTF-8 of 1 to kMaxKeyBytes bytes, without NUL.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/status.hpp"

namespace windlass {

// Errors: kInvalidArgument (which rule it breaks, and where).
Status check_key(std::string_view key);

bool is_utf8(std::string_view text) noexcept;

// The key in quotes for a message, cut where it is long, with what cannot be shown replaced.
std::string key_text(std::string_view key);

}  // namespace windlass
