// Values that a reader has leased: as they were in one instant, for as long as the lease lives.
//
// A lease has entries: one for each value, one for each shard of a sharded one. Their bytes can be mapped, where the
// transport maps, or read. Dropping the lease ends it, and what was mapped is not any more.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/deadline.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "store/assembly.hpp"
#include "store/dtype.hpp"
#include "store/slice.hpp"
#include "store/store_connection.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

struct LeaseEntry {
  uint64_t item = 0;            // which of the keys asked for
  bool exists = true;           // false: there is no such key, and missing ones were to be skipped
  Found found;                  // what the volume says; its attributes are as the volume has them
  std::string_view attributes;  // the writer's own
};

// Part of an entry's bytes, and where they shall go.
struct LeaseRead {
  uint64_t entry = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::byte* target = nullptr;
};

class Lease {
 public:
  // Errors: as TensorStore::acquire.
  static Result<std::shared_ptr<Lease>> open(std::shared_ptr<StoreConnection> connection,
                                             std::span<const std::string_view> keys, const LeaseOptions& options);

  // For open().
  Lease(std::shared_ptr<StoreConnection> connection, Acquired acquired, uint64_t session, uint64_t items);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  // In the order of the keys; the shards of a value by their index.
  const std::vector<LeaseEntry>& entries() const noexcept { return entries_; }

  // Which part of the whole an entry is. Valid as long as the lease. Errors: kInvalidArgument (no such entry, not a
  // tensor); kCorrupt (a shard whose writer said nothing that makes sense).
  Result<const Slice*> slice(uint64_t entry);

  // An entry's bytes as memory, to be read only. Valid as long as the lease. Errors: kUnsupported (the transport does
  // not map); kInvalidArgument; kNotFound (a key that is missing); kUnavailable (the connection broke since).
  Result<std::span<const std::byte>> map(uint64_t entry);

  // Reads into the caller's memory, all or an error. Errors: as map, kTimeout.
  Status read(std::span<const LeaseRead> reads, Deadline deadline);

  // Reads a box of the tensor that the item-th key names, packed in row-major order, from the shards that have it.
  // Errors: kInvalidArgument (beyond the tensor, not a tensor, another number of bytes, parts of bytes); kNotFound;
  // kIncomplete (the shards leave some of it out); kMismatch (they are not of one tensor); kCorrupt; as read.
  Status read_slice(uint64_t item, const Box& wanted, std::span<std::byte> target, Deadline deadline);

  const std::shared_ptr<StoreConnection>& connection() const noexcept { return connection_; }

 private:
  Status check_entry(uint64_t entry) const;
  Status check_session() const;
  Result<const Slice*> slice_locked(uint64_t entry);
  Status read_parts(const Slice& whole, DType dtype, const Box& wanted, std::span<const Part> parts,
                    std::span<std::byte> target, Deadline deadline);
  // The bytes of an entry that came along, or that has none; nothing of another.
  std::optional<std::span<const std::byte>> bytes_here(const LeaseEntry& entry) const noexcept;

  const LiveCount live_{Kind::kLease};
  const std::shared_ptr<StoreConnection> connection_;
  const uint64_t session_;
  const uint64_t lease_;  // 0: nothing to release
  const std::vector<std::byte> inlined_;
  std::vector<LeaseEntry> entries_;

  std::mutex mutex_;  // guards what follows; both are as long as entries_, once they are needed
  std::vector<std::unique_ptr<SlotMapping>> mappings_;
  std::vector<std::unique_ptr<const Slice>> slices_;
};

}  // namespace windlass
