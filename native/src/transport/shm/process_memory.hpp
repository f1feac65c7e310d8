// The memory of another process on this machine, read straight into ours: one copy, which the kernel makes.
//
// Nothing here says whose memory it is, or whether it is still what it was: a process may have ended, and another may
// have its number. Whoever reads makes sure afterwards, from a source that knows.
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/deadline.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"

namespace windlass {

struct ProcessRead {
  std::byte* target = nullptr;
  uint64_t address = 0;  // in the other process
  uint64_t bytes = 0;
};

// Whether the kernel lets us read the process. Errors: kPermission (it does not: what forbids it); kNotFound (there is
// no such process, or it is not to be seen from here); kUnsupported (this kernel reads nobody's memory).
Status check_process_memory(pid_t process);

// Reads all, with several threads where that pays. Errors: kUnavailable (the process has ended, or has no memory
// there); kPermission; kTimeout.
Status read_process_memory(pid_t process, std::span<const ProcessRead> reads, WorkerPool& workers, Deadline deadline);

}  // namespace windlass
