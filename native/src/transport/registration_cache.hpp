// Registrations that are kept, so that memory that moves again and again is registered once.
//
// What is kept belongs to memory that was made known: pages of a region (watch), or memory of somebody else's who says
// when it ends (adopt, forget). Each registration is of one memory, one generation of its pages, one device and one
// access, exactly: whoever may only read gets no key that writes. A request inside what is registered finds it. One
// that is not has a window around it registered; where that meets neighbours that nobody uses, they become one; and
// what is larger than the device takes is cut. What fails is remembered, and refused for a while without trying.
//
// A registration is used, idle, or on its way out:
//
//            acquire                       more than the limits, or replaced by a larger one
//   IDLE ──────────────▶ USED       IDLE ────────────────────────────────────────────────────▶ ENDING, by a thread
//        ◀──────────────                                                                       of the cache's own
//          the last use ends
//
// Before a region's pages go, nobody gets a use of them any more, those that there are end (or the pause is refused),
// and its registrations are ended, in the thread that pauses. After they are back, they are registered anew when they
// are asked for. What was registered before carries an older generation in its name, and is refused by it.
//
// A region that is closed is not known any more. Where somebody uses its registrations even then, each ends with the
// use.
//
// No allocator is hooked, and nothing is ended behind a user's back: memory that nobody made known is not kept.
//
// Threads: any. No lock is held while a device registers or deregisters.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/background_thread.hpp"
#include "base/bytes.hpp"
#include "base/deadline.hpp"
#include "base/status.hpp"
#include "device/allocation_table.hpp"
#include "transport/registrar.hpp"
#include "transport/registration_memory.hpp"
#include "transport/registration_statistics.hpp"
#include "transport/registration_use.hpp"

namespace windlass {

struct RegistrationCacheOptions {
  // Idle registrations go, the least recently used first, when all together are more. What is used counts too, and
  // stays: it can be more than the limits.
  uint64_t most_bytes = 64 * kGiB;
  uint64_t most_registrations = 4096;
  uint64_t window_bytes = 128 * kMiB;                                // around what is asked for; 0: no more than that
  uint64_t merged_bytes = kGiB;                                      // neighbours become no more than this; 0: none do
  uint64_t refusals = 32;                                            // of a range that failed, before it is tried again
  std::chrono::nanoseconds pause_timeout = std::chrono::seconds(5);  // how long a pause waits for users
};

// Memory that is asked for.
struct RegistrationRequest {
  std::byte* data = nullptr;
  uint64_t bytes = 0;
};

class RegistrationCache : public std::enable_shared_from_this<RegistrationCache> {
 public:
  static std::shared_ptr<RegistrationCache> open(const RegistrationCacheOptions& options);
  // For open().
  explicit RegistrationCache(const RegistrationCacheOptions& options) noexcept;
  ~RegistrationCache();  // ends all registrations; each use keeps the cache
  RegistrationCache(const RegistrationCache&) = delete;
  RegistrationCache& operator=(const RegistrationCache&) = delete;

  // Makes the pages of a region known, until it is closed or unwatched. Harmless if they are. Errors: kState (paused;
  // overlaps memory that is known).
  Status watch(const std::shared_ptr<AllocationRecord>& record);
  // Errors: kNotFound; kTimeout (in use, and still known).
  Status unwatch(const AllocationRecord& record, Deadline deadline);

  // Makes somebody else's memory known, all of which may be populated; it stays where it is until it is forgotten.
  // Errors: kInvalidArgument; kState (overlaps memory that is known).
  Status adopt(std::byte* data, uint64_t bytes);
  // The memory that was adopted within [data, data + bytes) is about to end: waits for its users, and ends its
  // registrations; then it is not known any more. Errors: kNotFound (none was); kInvalidArgument (one lies partly
  // outside); kTimeout (in use; all of it is still known).
  Status forget(std::byte* data, uint64_t bytes, Deadline deadline);

  // A device goes: as for memory. The cache keeps each registrar that was asked until then. Errors: kNotFound;
  // kTimeout.
  Status forget(const Registrar& registrar, Deadline deadline);

  // [data, data + bytes), registered for as long as the use exists. access: bits of RegistrationAccess. Errors:
  // kInvalidArgument (no bytes; partly outside the memory it begins in); kNotFound (memory that is not known); kState
  // (its pages are not there, or about to go); those of the device. Blocks: while it is registered.
  Result<RegistrationUse> acquire(const std::shared_ptr<Registrar>& registrar, std::byte* data, uint64_t bytes,
                                  uint32_t access);
  // As acquire, of many at once, in their order: all of them, or none. Neighbours are registered together.
  Result<std::vector<RegistrationUse>> acquire_all(const std::shared_ptr<Registrar>& registrar,
                                                   std::span<const RegistrationRequest> requests, uint32_t access);
  // As acquire, of memory that may be unknown and is then known for as long as it is used: when its last use ends, it
  // is registered no more. Errors: as acquire; kState (overlaps memory that is known).
  Result<RegistrationUse> acquire_once(const std::shared_ptr<Registrar>& registrar, std::byte* data, uint64_t bytes,
                                       uint32_t access);

  // Whether a name that came back is that of memory that is registered now. Errors: kNotFound (forgotten, or never
  // known); kState (of an older generation; its pages are about to go; it was ended meanwhile).
  Status check(const RegistrationName& name) const;

  RegistrationStatistics statistics() const;

  // Ends what is on its way out, in this thread, which has time for it. Returns how many.
  uint64_t end_waiting() noexcept;

 private:
  friend class RegistrationUse;
  class Watcher;
  struct Target;
  struct Attempt;
  using Lock = std::unique_lock<std::mutex>;
  using Spans = std::list<std::shared_ptr<RegisteredSpan>>;

  // Finding and making; with the lock, which register_gap lets go meanwhile.
  Result<std::shared_ptr<RegisteringDevice>> device_of(const std::shared_ptr<Registrar>& registrar);
  Result<std::shared_ptr<RegisterableMemory>> memory_at(const ByteRange& range) const;
  Result<RegistrationUse> acquire_known(const std::shared_ptr<Registrar>& registrar, const ByteRange& range,
                                        uint32_t access, RegistrationTally& tally);
  Status acquire_run(const std::shared_ptr<Registrar>& registrar, std::span<const RegistrationRequest> requests,
                     std::span<const size_t> run, uint32_t access, std::vector<RegistrationUse>& uses);
  Status acquire_in(Lock& lock, const Target& target, const ByteRange& range, RegistrationTally& tally,
                    RegistrationUse& use);
  void count(const RegistrationTally& tally) noexcept;
  Status register_gap(Lock& lock, const Target& target, const ByteRange& gap, RegistrationUse& use);
  Status plan(const Target& target, const ByteRange& gap, Attempt& attempt);
  Status attempt_all(const Target& target, Attempt& attempt, RegistrationUse& use);
  Status settle(const Target& target, Attempt& attempt, const Status& outcome, RegistrationUse& use);
  bool make_room(const RegisteringDevice& device, uint64_t bytes) noexcept;

  // Uses and ends, with the lock.
  void take_use(RegisteredSpan& span) noexcept;
  void add_used(RegisteredSpan& span) noexcept;
  void drop_use(RegisteredSpan& span) noexcept;
  void unlist(RegisteredSpan& span) noexcept;
  void retire(RegisteredSpan& span) noexcept;
  void evict_beyond_limits() noexcept;
  void end_first(Lock& lock, Spans& spans) noexcept;
  void release(std::vector<std::shared_ptr<RegisteredSpan>>& spans) noexcept;
  bool end_next() noexcept;
  void wake() noexcept;

  // Memory, with the lock.
  Status add_memory(const std::shared_ptr<RegisterableMemory>& memory);
  void drop_memory(RegisterableMemory& memory) noexcept;
  void drop_once(Lock& lock, RegisterableMemory& memory) noexcept;
  void reopen(RegistrationUsers& users) noexcept;
  Status revoke(Lock& lock, RegistrationUsers& users, Deadline deadline);
  void end_idle(Lock& lock, const RegistrationUsers& users) noexcept;
  void end_all(Lock& lock, const RegistrationUsers& users) noexcept;
  Status pages_leave(RegisterableMemory& memory);
  void pages_return(RegisterableMemory& memory, uint64_t generation) noexcept;

  const RegistrationCacheOptions options_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<uint64_t, std::shared_ptr<RegisterableMemory>> memories_;  // by address
  std::map<const Registrar*, std::shared_ptr<RegisteringDevice>> devices_;
  std::map<uint64_t, RegisteredSpan*> by_number_;  // used and idle ones
  Spans used_;
  Spans idle_;  // the least recently used first
  Spans ending_;
  RegistrationStatistics statistics_;
  uint64_t last_memory_ = 0;
  uint64_t last_number_ = 0;
  std::atomic<bool> ends_itself_ = false;  // there is no thread: whoever registers ends what is on its way out
  BackgroundThread ender_;
};

}  // namespace windlass
