// A process of the torture: puts, gets and removes until it is told to stop, or killed.
#pragma once

#include <cstdint>
#include <string>

#include "board.hpp"

namespace windlass::torture {

// Returns the exit status: 0, or 1 after it has told what was wrong.
int run_client(const std::string& uri, uint64_t seed, Board& board);

}  // namespace windlass::torture
