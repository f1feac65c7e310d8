// What a volume says about a key, and about itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "volume/entry.hpp"

namespace windlass {

// What a question about a key is answered, without its bytes.
struct EntryInfo {
  bool exists = false;  // readable, that is
  EntryKind kind = EntryKind::kBytes;
  int32_t dtype = 0;
  Shape shape;  // of a sharded value: of shard 0
  std::string attributes;
  uint64_t bytes = 0;  // of all shards
  uint64_t version = 0;
  uint32_t shards = 0;            // of how many it consists; 0: whole
  std::vector<uint32_t> missing;  // shards that a version under way still lacks, the first 64
  bool pinned = false;
};

struct VolumeInfo {
  uint64_t limit_bytes = 0;
  uint64_t held_bytes = 0;   // of segments
  uint64_t used_bytes = 0;   // of slots: published, being written, leased
  uint64_t value_bytes = 0;  // of published values
  uint64_t entries = 0;
  uint64_t segments = 0;
  uint64_t sessions = 0;
  uint64_t leases = 0;
  uint64_t prepared_slots = 0;  // that somebody writes, or has in reserve
  uint64_t orphaned_slots = 0;  // kept because their client may still touch them
  uint64_t commits = 0;         // since the start, as all that follow
  uint64_t committed_bytes = 0;
  uint64_t acquires = 0;
  uint64_t acquired_bytes = 0;
  uint64_t misses = 0;
  uint64_t removals = 0;
  uint64_t evictions = 0;
  uint64_t evicted_bytes = 0;
  uint64_t refusals = 0;  // for want of room
  uint64_t nonce = 0;     // tells one volume from the next at the same address
};

}  // namespace windlass
