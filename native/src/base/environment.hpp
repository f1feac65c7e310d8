// The process's environment, for the few settings that can be given in no other way.
//
// Threads: any, as long as nobody changes the environment meanwhile; so it is read early, and once.
#pragma once

#include <optional>
#include <string>

namespace windlass {

// The variable's text; empty text is text. Nothing if it is not set.
std::optional<std::string> environment_variable(const char* name);

}  // namespace windlass
