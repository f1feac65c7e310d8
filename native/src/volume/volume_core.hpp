// What a volume and its sessions share: the memory, the index, and the lock over both.
//
// One lock guards everything, so that a batch is one instant for everybody. Nothing slow happens under it: fresh
// segments are got, and old ones given back, without it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/deadline.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "volume/index.hpp"
#include "volume/slots.hpp"
#include "volume/volume.hpp"
#include "volume/volume_control.hpp"
#include "volume/volume_info.hpp"

namespace windlass {

// Tokens that read have their highest bit set, and tokens that write do not.
inline constexpr uint64_t kReadToken = uint64_t{1} << 63U;

// What a session has. Guarded by the core's lock.
struct SessionState {
  enum class Phase { kOpen, kOrphaned, kEnded };

  explicit SessionState(SessionOptions given) noexcept : options(std::move(given)) {}

  const SessionOptions options;
  Phase phase = Phase::kOpen;
  bool one_sided = false;  // its client writes over RDMA, so that nobody counts its bytes
  SlotList prepared;
  // By its first token, which is its name too: the slots of its values, whose tokens follow one another.
  std::map<uint64_t, std::vector<BlockId>> leases;
  uint64_t leased_slots = 0;
  uint64_t next_token = kReadToken | 1;
};

class VolumeCore {
 public:
  // With all sizes filled in.
  explicit VolumeCore(const VolumeOptions& given);

  const VolumeOptions options;
  const uint64_t nonce;
  mutable std::mutex mutex;  // guards what follows
  Slots slots;
  Index index;
  VolumeInfo counters;  // only what is counted as it happens
  uint64_t metadata_bytes = 0;
  uint64_t version = 0;  // the last that was given
  uint64_t mark = 0;     // of the last batch that was planned
  bool closed = false;
  std::map<uint64_t, std::byte*> offers;  // by their segment, where each begins
  uint64_t next_offer = 0;                // the segment of the next one
  std::set<SessionState*> sessions;

  // All that follow: with the lock held, unless they say otherwise.

  Status check_open(const SessionState& session) const;
  Status check_conditions(std::span<const Condition> conditions) const;

  // Room for values, reserved for the session; nothing if that takes fresh pages and wait is nullptr. Without the lock.
  Result<std::optional<std::vector<RemoteRange>>> prepare(SessionState& session, std::span<const uint64_t> sizes,
                                                          const Deadline* wait);

  // Gets segments of so many bytes altogether, beside what there is. Without the lock.
  Status grow_by(uint64_t bytes);

  // A value is in the index now, or is not any more; its slot is not touched.
  void count_in(const Value& value) noexcept { metadata_bytes += value.metadata_bytes(); }
  void count_out(const Value& value) noexcept { metadata_bytes -= value.metadata_bytes(); }

  // Adds an empty entry; and takes one away with all it has.
  Entry& add_entry(std::string_view key, EntryKind kind);
  void drop_entry(Entry& entry) noexcept;

  // Evicts so many bytes of slots and of metadata, if there are as many that may go. Returns false, and evicts nothing,
  // if there is nothing at all, less than least_bytes of slots, or too little metadata.
  bool evict(uint64_t slot_bytes, uint64_t least_bytes, uint64_t metadata);

  // Publishes a batch, or nothing. Where offered is not empty, it has a slot of offered memory for each item.
  Result<Committed> commit(SessionState& session, std::span<const CommitItem> items, const CommitOptions& batch,
                           std::span<const BlockId> offered);

  // Takes a session's slots and leases away.
  void free_session(SessionState& session) noexcept;

  VolumeInfo info_locked() const;

 private:
  struct Growth {
    std::vector<uint64_t> segments;  // their sizes
    std::vector<size_t> ends;        // before which value each of them ends
    uint64_t bytes = 0;
  };
  struct Gone;
  class Taken;

  static Growth plan_growth(std::span<const uint64_t> sizes, uint64_t segment_bytes);
  Status check_sizes(std::span<const uint64_t> sizes);
  Status refuse(std::span<const uint64_t> sizes);
  Result<std::optional<Growth>> make_room(std::span<const uint64_t> sizes, std::span<const uint64_t> rest, Taken& taken,
                                          Gone& gone, bool may_trim);
  Status grow(std::unique_lock<std::mutex>& lock, const Growth& growth, std::span<const uint64_t> rest,
              std::span<BlockId> blocks, Gone& gone);
  bool wait_for_growth(std::unique_lock<std::mutex>& lock, Deadline deadline);
  std::vector<RemoteRange> reserve(SessionState& session, std::span<const uint64_t> sizes,
                                   std::span<const BlockId> blocks, std::vector<RemoteRange> ranges) noexcept;

  WorkerPool workers_;
  bool growing_ = false;  // one at a time
  std::condition_variable grown_;
  uint64_t next_segment_ = 1;
};

}  // namespace windlass
