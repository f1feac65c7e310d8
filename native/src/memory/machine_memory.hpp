// How much memory this machine, or the container we run in, has and can still give.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.hpp"

namespace windlass {

struct MachineMemory {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;  // without swapping, and within the container's limit
};

// Reads /proc/meminfo, and the limits of our control group and of those above it. Cached files that the kernel drops
// when memory runs short do not count as used. root stands before every path: "" but in tests. Errors: kIo.
Result<MachineMemory> machine_memory(const std::string& root = "");

// Refuses what the machine cannot give without risking that the kernel kills somebody. what names the asker in the
// message. Errors: kNoMemory.
Status check_machine_memory(uint64_t bytes, const char* what);

}  // namespace windlass
