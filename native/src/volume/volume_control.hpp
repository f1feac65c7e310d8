// What a client asks of a volume: room, publishing, leases, and questions. It moves no bytes, save small ones.
//
//   put:  prepare ──▶ a transport moves bytes into the slots ──▶ commit, or abandon
//   get:  acquire ──▶ a transport moves bytes out of the slots ──▶ release
//
// There are two of them, which answer alike: a session of a volume in this process (VolumeSession), and the client of
// one elsewhere (VolumeClient).
//
// A commit publishes all of its items in one instant, and an acquire leases all of its items in one: a reader sees all
// of a batch or none of it. What is leased stays as it is, whatever is published, removed or evicted meanwhile.
//
// Whatever a client has prepared or leased ends with it, even if it dies.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "transport/transport.hpp"
#include "volume/entry.hpp"
#include "volume/volume_info.hpp"

namespace windlass {

// Publishing or leasing happens only if the key's version is this one; 0: only if there is no such key.
struct Condition {
  std::string_view key;
  uint64_t version = 0;
};

// A value whose bytes are in a slot.
struct CommitItem {
  std::string_view key;
  EntryMeta meta;
  uint64_t bytes = 0;  // at most the slot's; what is beyond is given back, or kept with the slot if keep
  ShardPlace shard;
  uint64_t token = 0;  // of the slot; 0 where bytes is 0
  bool keep = false;   // the client wants another slot of the same size for its next put
};

// A small value whose bytes come along.
struct InlineItem {
  std::string_view key;
  EntryMeta meta;
  ShardPlace shard;
  std::span<const std::byte> bytes;
};

struct CommitOptions {
  std::span<const Condition> conditions;
  std::span<const std::string_view> removals;  // in the same instant; those that are not there are passed over
};

// What was published.
struct Committed {
  uint64_t version = 0;  // the same for all items; greater than any before. 0: all items were shards of incomplete sets
  std::vector<RemoteRange> next;  // for each item: if keep, its next slot, whole; token 0 if there was no room
};

struct AcquireItem {
  std::string_view key;
};

struct AcquireOptions {
  std::span<const Condition> conditions;
  bool skip_missing = false;  // a missing key is told in the answer, and fails nothing
  uint64_t inline_bytes = 0;  // if all bytes together are no more, they come with the answer, without a lease
};

// A value that was found, or one shard of it. Own copies of everything: it outlives the call.
struct Found {
  uint64_t item = 0;  // which of the items asked for
  EntryKind kind = EntryKind::kBytes;
  int32_t dtype = 0;
  Shape shape;
  std::string attributes;
  uint64_t version = 0;
  ShardPlace shard;
  RemoteRange place;  // token 0 without a lease
  uint64_t bytes = 0;
  uint64_t inline_offset = 0;  // in Acquired::inlined, where those came
};

struct Acquired {
  uint64_t lease = 0;        // 0: nothing to release
  std::vector<Found> found;  // in the order of the items; a sharded value has one for each shard, by index
  std::vector<std::byte> inlined;
};

struct KeyQuery {
  std::string_view prefix;
  bool by_component = false;  // "a/b" then finds "a/b" and "a/b/c", not "a/bc"
  std::string_view after;     // only keys that come behind it; "": from the start
  uint32_t limit = 0;         // at most so many; 0: as the volume likes
};

struct KeyPage {
  std::vector<std::string> keys;  // sorted by their bytes
  bool more = false;              // ask again, after the last
};

// What put_inline takes, and acquire gives without a lease, at most.
inline constexpr uint64_t kMaxInlineBytes = 256 * kKiB;

class VolumeControl {
 public:
  VolumeControl() = default;
  virtual ~VolumeControl() = default;
  VolumeControl(const VolumeControl&) = delete;
  VolumeControl& operator=(const VolumeControl&) = delete;

  // Room for values of these sizes, all or none; a size of 0 gets token 0. Errors: kNoSpace (the volume's limit, and
  // nothing may be evicted: how much is missing); kNoMemory; kTimeout; kUnavailable. Blocks: while pages are populated.
  virtual Result<std::vector<RemoteRange>> prepare(std::span<const uint64_t> sizes, Deadline deadline) = 0;

  // Publishes all, or on an error none; then the slots are as before. Slots that it publishes are the volume's.
  // Errors: kInvalidArgument (a key or attributes that are none, two items of one key and shard, a foreign token);
  // kMismatch (the key is of another kind, or its shards of another count); kConflict (a condition); kCorrupt (the
  // slot has not received all its bytes); kTimeout; kUnavailable (then nobody knows whether it was published).
  virtual Result<Committed> commit(std::span<const CommitItem> items, const CommitOptions& options,
                                   Deadline deadline) = 0;

  // prepare, move and commit in one. Together no more than kMaxInlineBytes. Errors: of prepare and commit.
  virtual Result<Committed> put_inline(std::span<const InlineItem> items, const CommitOptions& options,
                                       Deadline deadline) = 0;

  // Gives slots back. Whoever has mapped them has let go of them.
  virtual Status abandon(std::span<const uint64_t> tokens, Deadline deadline) = 0;

  // Leases values. Errors: kNotFound (which key, and how many more); kIncomplete (which shards are missing);
  // kConflict; kState (whoever offers the value is changing it: ask again soon); kInvalidArgument; kTimeout;
  // kUnavailable.
  virtual Result<Acquired> acquire(std::span<const AcquireItem> items, const AcquireOptions& options,
                                   Deadline deadline) = 0;

  virtual Status release(std::span<const uint64_t> leases, Deadline deadline) = 0;

  // For each key, all in one instant.
  virtual Result<std::vector<EntryInfo>> describe(std::span<const std::string_view> keys, Deadline deadline) = 0;

  // How many were removed. must_exist: if one is missing, nothing is removed. Errors: kNotFound; kConflict.
  virtual Result<uint64_t> remove(std::span<const std::string_view> keys, bool must_exist,
                                  std::span<const Condition> conditions, Deadline deadline) = 0;

  virtual Result<KeyPage> keys(const KeyQuery& query, Deadline deadline) = 0;

  // Pinned values are not evicted. Errors: kNotFound.
  virtual Status pin(std::span<const std::string_view> keys, bool pinned, Deadline deadline) = 0;

  virtual Result<VolumeInfo> info(Deadline deadline) = 0;

  // The file behind a segment, to map. One for reading cannot be mapped for writing. Errors: kNotFound (no such
  // segment any more); kUnsupported (no descriptors get through this connection).
  virtual Result<OwnedDescriptor> segment_descriptor(uint64_t segment, MapFor purpose, Deadline deadline) = 0;

  // Where an offered segment begins in the memory of the volume's process, for whoever reads it there. Errors:
  // kNotFound (it is not offered any more); kUnsupported (not told through this connection).
  virtual Result<uint64_t> offered_address(uint64_t segment, Deadline deadline) = 0;

  // Whether these tokens, of leased values, were good all the time: then what was read of offered memory before the
  // call is what was published. Errors: kState (the memory was taken back); kInvalidArgument (no tokens of this
  // session's); kUnavailable (the session has ended, or the volume is gone).
  virtual Status vouch(std::span<const uint64_t> tokens, Deadline deadline) = 0;
};

}  // namespace windlass
