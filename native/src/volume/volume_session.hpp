// One client's dealings with a volume: its prepared slots, its leases, and what it asks for.
//
//   open ──end()──▶ ended, and nothing is left of it
//     └──orphan()──▶ orphaned ──end()──▶ ended
//
// Dropping a session ends it. An orphaned session's client is gone as far as anybody can tell, but may still have
// memory mapped: its slots and leases stay until end(). A session that is not open answers kUnavailable.
//
// Beside VolumeControl it has what a server needs: calls that never wait, and memory behind tokens.
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

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

class SegmentFile;
class VolumeCore;
struct SessionState;

// Parts of slots as memory of this process. Whatever becomes of their session, they are nobody else's until the hold is
// dropped; and while one for writing exists, its slots cannot be committed. Threads: one at a time.
class SlotHold {
 public:
  SlotHold() noexcept = default;
  ~SlotHold() { reset(); }
  SlotHold(SlotHold&& other) noexcept;
  SlotHold& operator=(SlotHold&& other) noexcept;
  SlotHold(const SlotHold&) = delete;
  SlotHold& operator=(const SlotHold&) = delete;

  // In the order of the ranges; an empty range has an empty part.
  const std::vector<std::span<std::byte>>& parts() const noexcept { return parts_; }

  // For a hold for writing, once all bytes of all its parts are there: counts them as received, and lets go. Only then
  // does the client hear of it, so that its commit finds them counted.
  void finish() noexcept { let_go(true); }

  // Lets go without counting.
  void reset() noexcept { let_go(false); }

 private:
  friend class VolumeSession;
  void let_go(bool received) noexcept;

  std::shared_ptr<VolumeCore> core_;
  std::vector<std::span<std::byte>> parts_;
  std::vector<uint32_t> slots_;                      // kNoBlock for empty parts
  std::vector<std::shared_ptr<SegmentFile>> files_;  // in which they lie, however often each
  bool writing_ = false;
};

class VolumeSession final : public VolumeControl {
 public:
  // For Volume::open_session.
  VolumeSession(std::shared_ptr<VolumeCore> core, std::unique_ptr<SessionState> state) noexcept;
  ~VolumeSession() override;

  Result<std::vector<RemoteRange>> prepare(std::span<const uint64_t> sizes, Deadline deadline) override;
  Result<Committed> commit(std::span<const CommitItem> items, const CommitOptions& options, Deadline deadline) override;
  Result<Committed> put_inline(std::span<const InlineItem> items, const CommitOptions& options,
                               Deadline deadline) override;
  Status abandon(std::span<const uint64_t> tokens, Deadline deadline) override;
  Result<Acquired> acquire(std::span<const AcquireItem> items, const AcquireOptions& options,
                           Deadline deadline) override;
  Status release(std::span<const uint64_t> leases, Deadline deadline) override;
  Result<std::vector<EntryInfo>> describe(std::span<const std::string_view> keys, Deadline deadline) override;
  Result<uint64_t> remove(std::span<const std::string_view> keys, bool must_exist,
                          std::span<const Condition> conditions, Deadline deadline) override;
  Result<KeyPage> keys(const KeyQuery& query, Deadline deadline) override;
  Status pin(std::span<const std::string_view> keys, bool pinned, Deadline deadline) override;
  Result<VolumeInfo> info(Deadline deadline) override;
  Result<OwnedDescriptor> segment_descriptor(uint64_t segment, MapFor purpose, Deadline deadline) override;
  Result<uint64_t> offered_address(uint64_t segment, Deadline deadline) override;
  Status vouch(std::span<const uint64_t> tokens, Deadline deadline) override;

  // Of these calls only prepare and put_inline ever wait long, for fresh pages. These two never do: where the others
  // would wait they answer nothing, and have taken nothing.
  Result<std::optional<std::vector<RemoteRange>>> try_prepare(std::span<const uint64_t> sizes);
  Result<std::optional<Committed>> try_put_inline(std::span<const InlineItem> items, const CommitOptions& options);

  // The memory of ranges: for writing, of slots that were prepared; for reading, of values that are leased. At most
  // kMaxBatch of them. Errors: kInvalidArgument (a token that is not this session's, a range outside its slot);
  // kState (offered memory that was taken back); kUnavailable.
  Result<SlotHold> hold(std::span<const RemoteRange> ranges, MapFor purpose);

  // The segment in which a range lies, to reach it for as long as the pointer lives; the slot is the caller's to keep.
  // The memory begins at (*segment)->address() + range.offset. Errors: as hold.
  Result<std::shared_ptr<SegmentFile>> segment_of(const RemoteRange& range, MapFor purpose);

  // RDMA for its client, see rdma_ends.hpp. The first two wait for the device. Errors: of RdmaPeer;
  // kNotFound (no such segment any more); kUnavailable (it has ended).
  Result<RdmaEndpoint> rdma_connect(const RdmaEndpoint& client);
  Result<std::vector<RdmaPiece>> rdma_segment(uint64_t segment);
  void rdma_disconnect(uint64_t connection) noexcept;
  // Gives up registrations of segments that there are no more.
  void rdma_drop_stale() noexcept;

  // Frees what it had, once nothing can arrive over RDMA any more. What is held goes with its hold.
  void end() noexcept;

  // Keeps what it had for a client that may still touch it, until end(); counted as orphaned. Returns how many slots
  // that are: with 0, end() may follow at once.
  uint64_t orphan() noexcept;

  // How many slots it has prepared or leased.
  uint64_t slot_count() const noexcept;

 private:
  Result<std::optional<Committed>> put_small(std::span<const InlineItem> items, const CommitOptions& options,
                                             const Deadline* wait);
  void drop(std::span<const uint64_t> tokens) noexcept;
  void end_rdma() noexcept;

  const std::shared_ptr<VolumeCore> core_;
  const std::unique_ptr<SessionState> state_;  // guarded by the core's mutex
  std::mutex rdma_mutex_;                      // guards what follows; taken before the core's
  std::unique_ptr<RdmaPeer> rdma_;             // once its client has asked for it
  bool rdma_ended_ = false;
};

}  // namespace windlass
