// What a cache of registrations has done, and has. Plain numbers.
#pragma once

#include <cstdint>

namespace windlass {

struct RegistrationStatistics {
  uint64_t hits = 0;             // requests that found all of it registered
  uint64_t misses = 0;           // the other ones; neighbours that were registered together are one
  uint64_t saved_bytes = 0;      // that were asked for and were registered already
  uint64_t registrations = 0;    // that devices made
  uint64_t deregistrations = 0;  // of them
  uint64_t failures = 0;         // that devices refused
  uint64_t refusals = 0;         // requests that were not tried because they failed before
  uint64_t merges = 0;           // neighbours that became part of a larger one
  uint64_t splits = 0;           // cuts that the device's limit made
  uint64_t evictions = 0;        // because of the limits, or because a device had no memory left
  uint64_t revocations = 0;      // because pages went, memory ended, or a device was given up
  uint64_t registration_ns = 0;  // in devices' calls
  uint64_t populating_ns = 0;    // of untouched memory, before
  uint64_t used_bytes = 0;       // now
  uint64_t kept_bytes = 0;       // now, used or idle
  uint64_t kept = 0;             // registrations now, used or idle
  uint64_t ending = 0;           // registrations that are to end
};

// How much of one request was registered already.
struct RegistrationTally {
  bool counted = true;  // in the statistics
  uint64_t bytes = 0;
  uint64_t missing = 0;
};

}  // namespace windlass
