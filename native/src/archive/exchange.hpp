// Puts something where something else is, in one instant.
#pragma once

#include <string>

#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

// What is at staged is at place afterwards, and what was at place, if anything was, at staged; the directories are
// synced. Returns whether something was. Where the file system cannot exchange, two renames do it, and a third.
// Errors: kNotFound (nothing is at staged); kConflict (what is at place comes and goes); of file_failure.
Result<bool> exchange(FileCalls& calls, const std::string& staged, const std::string& place);

}  // namespace windlass
