// The table of a device's allocations, and of who holds something derived from their pages.
//
// A record names an allocation by {id, generation}. Pages come and go behind its addresses; each time they have gone, a
// new generation begins, and what was derived from the pages of an older one (a registration, an exported handle, a
// cached buffer) is stale.
//
//             announce_release            mark_gone
//   PRESENT ───────────────────▶ LEAVING ───────────▶ GONE
//      ▲       announce_return      │                   │
//      └────────────────────────────┴───────────────────┘
//
// Regions write the records; observers watch them.
//
// Threads: any. No lock is held while an observer is told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/nonce.hpp"
#include "base/status.hpp"

namespace windlass {

// Which pages: those of one generation of an allocation.
struct Pages {
  uint64_t allocation_id = 0;
  uint64_t generation = 0;
  uint64_t address = 0;
  uint64_t bytes = 0;
};

// Whoever holds something derived from pages. It is told in the thread that pauses, resumes or closes, and must neither
// wait for that thread nor call into the same region.
class PageObserver {
 public:
  PageObserver() = default;
  virtual ~PageObserver() = default;
  PageObserver(const PageObserver&) = delete;
  PageObserver& operator=(const PageObserver&) = delete;

  // Names it in messages.
  virtual std::string_view name() const noexcept = 0;

  // The pages are about to go: give up what is derived from them. A status that is not OK refuses, with its message as
  // the reason, and must leave all as it was. Refusing has no effect where the allocation is being closed.
  virtual Status before_release(const Pages& pages) = 0;

  // There are pages again: new ones, of a new generation, or the old ones, if the pause did not come about.
  virtual void after_return(const Pages& pages) noexcept = 0;
};

class AllocationRecord {
 public:
  AllocationRecord(uint64_t id, uint64_t address, uint64_t bytes) noexcept;

  uint64_t id() const noexcept { return id_; }
  uint64_t generation() const;
  uint64_t address() const noexcept { return address_; }
  uint64_t bytes() const noexcept { return bytes_; }

  // Watches from now on, after those that watch already. Returns the pages that there are now. Errors: kState (there
  // are none, or they are about to go).
  Result<Pages> attach(std::shared_ptr<PageObserver> observer);
  // Watches no more; one that is being told this moment is still told. Harmless if it does not watch.
  void detach(const PageObserver* observer) noexcept;

  // Refuses what was derived from pages that are there no more. Errors: kState.
  Status check(uint64_t generation) const;
  // Whether the pages have gone for good: the allocation is being closed, or was.
  bool ended() const;

  // For whoever brings the pages and takes them away, who serialises these calls.
  //
  // Tells the observers, the last to attach first. If one refuses, those told before hear that the pages are back, and
  // all is as it was.
  Status announce_release();
  // Tells the observers in the order in which they attached. fresh: there are other pages now, though the ones before
  // were never marked as gone.
  void announce_return(bool fresh) noexcept;
  // Begins a new generation.
  void mark_gone() noexcept;
  // Tells the observers that the pages go, whatever they say.
  void announce_end() noexcept;

 private:
  enum class Phase { kPresent, kLeaving, kGone };

  std::vector<std::shared_ptr<PageObserver>> watching() const;
  Pages pages() const;

  const uint64_t id_;
  const uint64_t address_;
  const uint64_t bytes_;
  mutable std::mutex mutex_;  // guards what follows
  uint64_t generation_ = 1;
  Phase phase_ = Phase::kPresent;
  bool ended_ = false;
  std::vector<std::shared_ptr<PageObserver>> observers_;
};

class AllocationTable {
 public:
  AllocationTable();
  ~AllocationTable();
  AllocationTable(const AllocationTable&) = delete;
  AllocationTable& operator=(const AllocationTable&) = delete;

  // Random: tells its ids from those of other tables, in this process and in others.
  uint64_t nonce() const noexcept { return nonce_; }

  std::shared_ptr<AllocationRecord> add(uint64_t address, uint64_t bytes);
  void remove(const AllocationRecord& record) noexcept;

  // The allocation that [address, address + bytes) lies in. Errors: kNotFound.
  Result<std::shared_ptr<AllocationRecord>> find(uint64_t address, uint64_t bytes) const;

  // The same among all devices of this process, whose addresses are of one kind. Errors: kNotFound.
  static Result<std::shared_ptr<AllocationRecord>> find_anywhere(uint64_t address, uint64_t bytes);

  // Whether pages with this name are there. Errors: kNotFound (closed); kState (of an older generation, or gone).
  Status check(uint64_t allocation_id, uint64_t generation) const;

 private:
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<AllocationRecord>> by_address_;
  std::map<uint64_t, std::shared_ptr<AllocationRecord>> by_id_;
  uint64_t last_id_ = 0;
  const uint64_t nonce_ = fresh_nonce();
};

}  // namespace windlass
