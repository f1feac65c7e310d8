// A store: a client's side of a volume. Puts and gets values, many at once, over the fastest way there is.
//
//   put:     moves the bytes and publishes them, all items of a call in one instant
//   acquire: leases values, all of a call in one instant; the lease maps or reads their bytes
//
// Its connection ends with the last of the store, its leases and its buffers. One that broke is made anew by the next
// call. No call waits longer than its time limit.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "store/lease.hpp"
#include "store/pull_plan.hpp"
#include "store/put.hpp"
#include "store/store_connection.hpp"
#include "store/store_types.hpp"
#include "store/transport_buffer.hpp"
#include "volume/volume_control.hpp"
#include "volume/volume_info.hpp"

namespace windlass {

class Volume;

class TensorStore {
 public:
  // Connects to the volume at an address: "shm://NAME", "shm:///PATH" or "tcp://HOST:PORT". Errors: kInvalidArgument;
  // kUnavailable (nobody listens there); kPermission (the secret, or the user, is not right); kVersion; kUnsupported
  // (the transport that was asked for cannot be had: why); kTimeout. Blocks: for the connection.
  static Result<std::shared_ptr<TensorStore>> open(std::string_view uri, const StoreOptions& options);

  // Over a volume of this process. Errors: kUnavailable (it is closed); kUnsupported (another transport than local).
  static Result<std::shared_ptr<TensorStore>> open_local(const std::shared_ptr<Volume>& volume,
                                                         const StoreOptions& options);

  // For open(), and for tests that have a connection of their own.
  explicit TensorStore(std::shared_ptr<StoreConnection> connection) noexcept;

  StoreInfo info() const { return connection_->info(); }

  // Puts values, all or none. Errors: kInvalidArgument; kState (a buffer is in another call); kMismatch (a key is of
  // another kind, or its shards of another count); kConflict (a condition); kNoSpace; kNoMemory; kTimeout; kUnavailable
  // (the message says if it may have been published all the same).
  Result<PutReport> put(std::span<const PutItem> items, const PutOptions& options = {});

  // Leases the values of keys, all or none. Errors: kInvalidArgument (no key, a key twice); kNotFound; kIncomplete;
  // kConflict; kTimeout; kUnavailable.
  Result<std::shared_ptr<Lease>> acquire(std::span<const std::string_view> keys, const LeaseOptions& options = {});

  // What is under keys, all in one instant. Of a sharded tensor the shape is the whole one's, and the attributes are
  // the writer's of shard 0.
  Result<std::vector<EntryInfo>> describe(std::span<const std::string_view> keys);

  // How many were removed. must_exist: all or none. Errors: kNotFound.
  Result<uint64_t> remove(std::span<const std::string_view> keys, bool must_exist);

  Result<KeyPage> keys(const KeyQuery& query);

  // Pinned values are not evicted. Errors: kNotFound.
  Status pin(std::span<const std::string_view> keys, bool pinned);

  Result<VolumeInfo> volume_info();

  // For pulling the same values again and again. Errors: those of PullPlan::open.
  Result<std::shared_ptr<PullPlan>> plan(std::span<const PullTarget> targets);

  // A buffer for values of up to so many bytes. Errors: of TransportBuffer::open.
  Result<std::shared_ptr<TransportBuffer>> open_buffer(uint64_t bytes);

 private:
  const std::shared_ptr<StoreConnection> connection_;
};

}  // namespace windlass
