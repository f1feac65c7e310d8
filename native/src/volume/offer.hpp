// Memory that its owner offers through a volume: values whose bytes are read where they lie, with no copy in between.
//
//             begin_update()              publish()
//   OFFERED ─────────────────▶ UPDATING ─────────────▶ OFFERED, under the next version
//      │                          ▲  │
//      └──── its pages leave ──▶ STALE ◀── its pages leave        close() ──▶ CLOSED, from each of them
//                                 └── publish(), once they are there again ──▶ OFFERED
//
// While it is offered nobody changes the memory. begin_update() first sees to it that nobody reads: leases are not
// given any more, and those that there are are waited for, or taken back by force; then whoever reads on is told
// kState, and no read that was told OK has bytes of two versions. The memory is registered once; publish() registers
// nothing.
//
// Pages of a region may be offered: a pause waits for the readers as begin_update() does, and is refused if they do not
// let go in time. Pages that come back as they were are offered again at once; other ones once they are published.
//
// Somebody else may put to an offered key, or remove it; the next publish() offers it again. Offered values are never
// evicted.
//
// Threads: any. Of begin_update, publish and close one at a time; another that comes meanwhile waits, or is refused.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "device/allocation_table.hpp"
#include "volume/volume_control.hpp"
#include "volume/volume_core.hpp"

namespace windlass {

// Views last for the call, the bytes until the offer is closed.
struct OfferItem {
  std::string_view key;
  EntryMeta meta;
  ShardPlace shard;
  const std::byte* data = nullptr;
  uint64_t bytes = 0;
};

struct OfferOptions {
  CommitOptions commit;                                              // of the first publishing
  std::vector<std::shared_ptr<AllocationRecord>> of;                 // whose pages the memory is, or some of it
  std::vector<std::shared_ptr<void>> keep;                           // what has to live until the offer is closed
  std::chrono::nanoseconds pause_timeout = std::chrono::seconds(5);  // how long a pause waits for readers
};

enum class OfferState : int32_t { kOffered = 0, kUpdating = 1, kStale = 2, kClosed = 3 };

struct OfferInfo {
  OfferState state = OfferState::kOffered;
  uint64_t version = 0;  // the last that it published; 0: only shards of sets that are not complete yet
  uint64_t values = 0;
  uint64_t bytes = 0;
  uint64_t published = 0;   // how often
  uint64_t readers = 0;     // leases on it now
  uint64_t taken_back = 0;  // leases, by force, since it was opened
};

class Offer : public std::enable_shared_from_this<Offer> {
  struct Turn;
  class Watcher;

 public:
  // As Volume::offer.
  static Result<std::shared_ptr<Offer>> open(std::shared_ptr<VolumeCore> core, std::span<const OfferItem> items,
                                             const OfferOptions& options);

  // For open().
  Offer(std::shared_ptr<VolumeCore> core, std::span<const OfferItem> items, const OfferOptions& options);
  ~Offer();
  Offer(const Offer&) = delete;
  Offer& operator=(const Offer&) = delete;

  // From the time it returns OK nobody reads the memory. force: leases that do not end in time are taken back; what is
  // on its way over a socket is waited for even so. Errors: kTimeout (who reads; all is as it was); kState (its pages
  // are not there; it is closed).
  Status begin_update(Deadline deadline, bool force);

  // Offers the memory as it is now, under the next version, which it returns (0: as in Committed). Errors: kState (no
  // update was begun; its pages are not there; it is closed); those of a commit, after which all is as it was.
  Result<uint64_t> publish();

  OfferInfo info() const;

  // Takes the values away, and waits for those who read them; after the deadline their leases are taken back. Then the
  // memory is its owner's alone. May be called again.
  void close(Deadline deadline) noexcept;

 private:
  using Lock = std::unique_lock<std::mutex>;

  struct Item {
    std::string key;
    EntryMeta meta;
    std::string attributes;
    ShardPlace shard;
    std::byte* data = nullptr;
    uint64_t bytes = 0;
    BlockId slot = kNoBlock;         // of no bytes there is none
    bool withdrew_readable = false;  // by the last withdraw()
    bool withdrew_coming = false;
  };

  Status watch();
  void unwatch() noexcept;
  Status pages_leave();
  void pages_return(bool unchanged) noexcept;

  // With the core's lock.
  Status add_slots();
  Result<uint64_t> publish_locked(const CommitOptions& options);
  void withdraw() noexcept;
  void undo_withdrawal() noexcept;
  bool wait_turn(Lock& lock, Deadline deadline);
  void end_turn() noexcept;
  bool wait_for_readers(Lock& lock, const Deadline* deadline);
  bool held() const noexcept;
  template <typename Visit>
  void each_lease(Visit&& visit) const;
  uint64_t take_leases_back() noexcept;
  std::string readers_text() const;
  void take_values_away() noexcept;
  void take_away(Entry& entry, const Item& item) noexcept;

  const LiveCount live_{Kind::kOffer};
  const std::shared_ptr<VolumeCore> core_;
  const std::chrono::nanoseconds pause_timeout_;
  const std::vector<std::shared_ptr<AllocationRecord>> of_;
  std::vector<std::shared_ptr<void>> keep_;
  std::vector<std::shared_ptr<Watcher>> watchers_;  // one for each of of_

  // Guarded by the core's lock, as all that follow.
  std::vector<Item> items_;
  SessionState owner_;
  OfferedSegment segment_;
  OfferInfo info_;
  bool in_turn_ = false;      // somebody updates, publishes or closes
  bool was_offered_ = false;  // before its pages left
  uint64_t away_ = 0;         // of of_: those whose pages have left
};

}  // namespace windlass
