// Pages of memory that somebody else has mapped, made present with what they hold.
//
// Whoever pins untouched memory makes the kernel find its pages one by one; found all at once, and huge where they can
// be, they cost a fraction.
//
// Threads: any, also while others use the memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.hpp"

namespace windlass {

// Sees to it that each page that [address, address + bytes) touches is there: writable ones as their own, others as
// they are read. Changes no byte. Where the kernel cannot populate (before Linux 5.14), only checks that the memory is
// mapped, as whoever pins it finds the pages then.
//
// Errors: kInvalidArgument (not mapped, or mapped without access; no bytes); kNoMemory; kIo (a file behind it is too
// short).
Status make_present(std::byte* address, uint64_t bytes);

}  // namespace windlass
