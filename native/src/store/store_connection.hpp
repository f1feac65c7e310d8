// A store's way to its volume: the control plane, a transport, and what has gone over it.
//
// It is shared by a store, its leases and its buffers, and ends with the last of them.
//
// A session is what the volume knows of us: tokens and leases are of one. If the connection breaks, the next call makes
// another, with another session, and what was of the one before is gone.
//
// Threads: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "store/store_types.hpp"
#include "transport/transport.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

class Volume;

// What a connection is made of.
struct StoreParts {
  std::shared_ptr<VolumeControl> control;
  std::shared_ptr<Transport> transport;
  std::string reason;                     // why this transport
  std::function<uint64_t()> connections;  // made so far; the last one is in use, or broken
  std::function<uint64_t()> volume_nonce;
  std::function<RegistrationStatistics()> registrations = nullptr;  // null: nothing is registered
};

class StoreConnection {
 public:
  // Errors: as TensorStore::open.
  static Result<std::shared_ptr<StoreConnection>> open(std::string_view uri, const StoreOptions& options);
  static Result<std::shared_ptr<StoreConnection>> open_local(const std::shared_ptr<Volume>& volume,
                                                             const StoreOptions& options);

  StoreConnection(StoreParts parts, const StoreOptions& options);
  StoreConnection(const StoreConnection&) = delete;
  StoreConnection& operator=(const StoreConnection&) = delete;

  VolumeControl& control() noexcept { return *parts_.control; }
  Transport& transport() noexcept { return *parts_.transport; }
  TransportKind kind() const noexcept { return parts_.transport->kind(); }
  // The number of the session in use: from 1, and greater for each.
  uint64_t session() const { return parts_.connections(); }
  StoreInfo info() const;

  // The end of a call that was given this time, or as much as the store's calls have.
  Deadline deadline(std::optional<std::chrono::nanoseconds> timeout) const noexcept;

  struct Prepared {
    std::vector<RemoteRange> slots;
    uint64_t session = 0;
  };

  struct Leased {
    Acquired acquired;
    uint64_t session = 0;
  };

  // Room or a lease, and the session that it is of. A connection that broke is made anew, and a value that is being
  // changed is waited for. Errors: as those of VolumeControl; kCorrupt (an answer that cannot be).
  Result<Prepared> prepare(std::span<const uint64_t> sizes, Deadline deadline);
  Result<Leased> acquire(std::span<const AcquireItem> items, const AcquireOptions& options, Deadline deadline);

  // Gives back what is of this session, if that is still the one in use: else it is gone already. Whoever does so has
  // no use for an error, and does not wait.
  void abandon(std::span<const uint64_t> tokens, uint64_t session) noexcept;
  void release(uint64_t lease, uint64_t session) noexcept;

  // Copies, with several threads where that pays.
  struct Copy {
    std::byte* target = nullptr;
    const std::byte* source = nullptr;
    uint64_t bytes = 0;
  };
  Status copy_all(std::span<const Copy> copies);

  void count_written(uint64_t bytes) noexcept { written_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void count_read(uint64_t bytes) noexcept { read_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void count_mapped(uint64_t bytes) noexcept { mapped_bytes_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  const LiveCount live_{Kind::kStore};
  const StoreParts parts_;
  const std::chrono::nanoseconds call_timeout_;
  WorkerPool workers_{WorkerPool::default_thread_count()};
  std::atomic<uint64_t> written_bytes_{0};
  std::atomic<uint64_t> read_bytes_{0};
  std::atomic<uint64_t> mapped_bytes_{0};
};

}  // namespace windlass
