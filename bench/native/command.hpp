// Commands of other programs, which take part in a round.
#pragma once

#include <string>

#include "base/status.hpp"
#include "measure.hpp"

namespace windlass::bench {

// Runs it in a shell, and waits. The processor time is that of the command, and of what it began. Errors: kLibrary (it
// cannot be run, or ended with another status than 0).
Result<Cost> run_command(const std::string& command);

// What it writes to its standard output, run by the same shell, whatever its status; nothing if it cannot be run.
std::string output_of(const std::string& command);

// For a shell, as one word.
std::string quoted(const std::string& word);

}  // namespace windlass::bench
