#include "volume/offer.hpp"

#include <atomic>
#include <utility>

#include "base/text.hpp"
#include "volume/batch_check.hpp"

namespace windlass {

namespace {

// Offsets count from here, so that no client far away learns an address.
std::byte* base_of(std::span<const OfferItem> items) noexcept {
  const std::byte* lowest = nullptr;
  for (const OfferItem& item : items) {
    if (item.bytes != 0 && (lowest == nullptr || item.data < lowest)) lowest = item.data;
  }
  return const_cast<std::byte*>(lowest);  // offered memory is only read
}

Status closed_offer() { return Status::error(Code::kState, "the offer was closed; offer the memory anew"); }

}  // namespace

// Ends with the lock held.
struct Offer::Turn {
  Offer& offer;
  ~Turn() { offer.end_turn(); }
};

// Told of an allocation's pages on behalf of an offer, which may have ended.
class Offer::Watcher final : public PageObserver {
 public:
  explicit Watcher(std::weak_ptr<Offer> offer) noexcept : offer_(std::move(offer)) {}

  void set_generation(uint64_t generation) noexcept { generation_ = generation; }
  uint64_t generation() const noexcept { return generation_; }
  std::string_view name() const noexcept override { return "an offer"; }

  Status before_release(const Pages& /*pages*/) override {
    const std::shared_ptr<Offer> offer = offer_.lock();
    return offer == nullptr ? Status() : offer->pages_leave();
  }
  void after_return(const Pages& pages) noexcept override {
    if (const std::shared_ptr<Offer> offer = offer_.lock()) offer->pages_return(pages.generation == generation_);
  }

 private:
  const std::weak_ptr<Offer> offer_;
  std::atomic<uint64_t> generation_{0};  // of the pages that were offered last
};

Result<std::shared_ptr<Offer>> Offer::open(std::shared_ptr<VolumeCore> core, std::span<const OfferItem> items,
                                           const OfferOptions& options) {
  for (const OfferItem& item : items) {
    if (item.bytes != 0 && item.data == nullptr) {
      return Status::error(Code::kInvalidArgument, "offer: the data of an item is NULL; pass where its bytes are");
    }
  }
  auto offer = std::make_shared<Offer>(std::move(core), items, options);
  if (Status watched = offer->watch(); !watched.ok()) return watched;
  {
    const std::lock_guard lock(offer->core_->mutex);
    if (Status added = offer->add_slots(); !added.ok()) return added;
    if (offer->away_ != 0)
      return Status::error(Code::kState, "offer: its pages left at this moment; resume the region");
    Result<uint64_t> version = offer->publish_locked(options.commit);
    if (!version.ok()) return version.status().with_prefix("offer");
  }
  return offer;
}

Offer::Offer(std::shared_ptr<VolumeCore> core, std::span<const OfferItem> items, const OfferOptions& options)
    : core_(std::move(core)),
      pause_timeout_(options.pause_timeout),
      of_(options.of),
      keep_(options.keep),
      owner_(SessionOptions{.peer = "an offer"}) {
  segment_.base = base_of(items);
  items_.reserve(items.size());
  for (const OfferItem& item : items) {
    Item& own = items_.emplace_back();
    own.key = item.key;
    own.meta = item.meta;
    own.attributes = item.meta.attributes;
    own.shard = item.shard;
    own.data = const_cast<std::byte*>(item.data);
    own.bytes = item.bytes;
    info_.bytes += item.bytes;
  }
  info_.values = items.size();
  info_.state = OfferState::kUpdating;
}

Offer::~Offer() { close(Deadline::after(std::chrono::nanoseconds(0))); }

Status Offer::watch() {
  watchers_.reserve(of_.size());
  for (const std::shared_ptr<AllocationRecord>& record : of_) {
    watchers_.push_back(std::make_shared<Watcher>(weak_from_this()));
    Result<Pages> pages = record->attach(watchers_.back());
    if (!pages.ok()) return pages.status().with_prefix("offer");
    watchers_.back()->set_generation(pages->generation);
  }
  return Status();
}

void Offer::unwatch() noexcept {
  for (size_t i = 0; i < watchers_.size(); ++i) of_[i]->detach(watchers_[i].get());
}

Status Offer::add_slots() {
  if (core_->closed) return Status::error(Code::kUnavailable, "the volume was closed; open another");
  segment_.id = core_->next_offer++;
  core_->offers.emplace(segment_.id, segment_.base);
  for (Item& item : items_) {
    if (item.bytes == 0) continue;
    item.slot = core_->slots.add_offered(segment_, static_cast<uint64_t>(item.data - segment_.base), item.bytes);
  }
  return Status();
}

Status Offer::begin_update(Deadline deadline, bool force) {
  Lock lock(core_->mutex);
  if (!wait_turn(lock, deadline))
    return Status::error(Code::kTimeout, "offer: another call on it has not ended in time");
  const Turn turn{*this};
  if (info_.state == OfferState::kClosed) return closed_offer();
  if (away_ != 0) return Status::error(Code::kState, "offer: its pages are not there; resume the region first");
  if (info_.state != OfferState::kOffered) {
    info_.state = OfferState::kUpdating;
    return Status();
  }
  withdraw();
  if (!wait_for_readers(lock, &deadline)) {
    if (!force) {
      const std::string readers = readers_text();
      undo_withdrawal();
      return Status::error(Code::kTimeout, text("offer: ", readers, "; allow more time, or take it back by force"));
    }
    info_.taken_back += take_leases_back();
    wait_for_readers(lock, nullptr);
  }
  // The volume may be closed by now, which is no reason not to change the memory.
  info_.state = OfferState::kUpdating;
  return Status();
}

Result<uint64_t> Offer::publish() {
  Lock lock(core_->mutex);
  if (!wait_turn(lock, Deadline::after(pause_timeout_))) {
    return Status::error(Code::kState, "offer: another call on it is under way; publish after it");
  }
  const Turn turn{*this};
  if (info_.state == OfferState::kClosed) return closed_offer();
  if (away_ != 0) return Status::error(Code::kState, "offer: its pages are not there; resume the region first");
  if (info_.state == OfferState::kOffered) {
    return Status::error(Code::kState, "offer: it is offered, so that its memory cannot have changed; begin an update");
  }
  return publish_locked({});
}

Result<uint64_t> Offer::publish_locked(const CommitOptions& options) {
  std::vector<CommitItem> commits;
  std::vector<BlockId> slots;
  commits.reserve(items_.size());
  slots.reserve(items_.size());
  for (const Item& item : items_) {
    CommitItem& commit = commits.emplace_back();
    commit.key = item.key;
    commit.meta = item.meta;
    commit.meta.attributes = item.attributes;
    commit.shard = item.shard;
    commit.bytes = item.bytes;
    slots.push_back(item.slot);
  }
  if (Status sound = check_batch(commits, options); !sound.ok()) return sound;
  Result<Committed> committed = core_->commit(owner_, commits, options, slots);
  if (!committed.ok()) return committed.status();
  for (size_t i = 0; i < watchers_.size(); ++i) watchers_[i]->set_generation(of_[i]->generation());
  info_.state = OfferState::kOffered;
  info_.version = committed->version;
  ++info_.published;
  return committed->version;
}

// The thread that pauses is told; whoever changes the offer meanwhile is waited for as readers are.
Status Offer::pages_leave() {
  Lock lock(core_->mutex);
  const Deadline deadline = Deadline::after(pause_timeout_);
  if (!wait_turn(lock, deadline)) {
    return Status::error(Code::kTimeout, "a call on the offer is under way; let it end, or close the offer");
  }
  const Turn turn{*this};
  if (info_.state == OfferState::kClosed) return Status();
  if (info_.state == OfferState::kOffered) {
    withdraw();
    if (!wait_for_readers(lock, &deadline)) {
      const std::string readers = readers_text();
      undo_withdrawal();
      return Status::error(Code::kTimeout, text(readers, "; pause again once they have let go, or close the offer"));
    }
    was_offered_ = true;
  } else if (away_ == 0) {
    was_offered_ = false;
  }
  info_.state = OfferState::kStale;
  ++away_;
  return Status();
}

void Offer::pages_return(bool unchanged) noexcept {
  const std::lock_guard lock(core_->mutex);
  if (info_.state == OfferState::kClosed || away_ == 0) return;
  --away_;
  was_offered_ = was_offered_ && unchanged;
  if (away_ != 0 || !was_offered_ || info_.state != OfferState::kStale) return;
  undo_withdrawal();
  info_.state = OfferState::kOffered;
}

void Offer::close(Deadline deadline) noexcept {
  {
    Lock lock(core_->mutex);
    while (!wait_turn(lock, Deadline::after(std::chrono::hours(1)))) continue;
    if (info_.state != OfferState::kClosed) {
      take_values_away();
      if (!wait_for_readers(lock, &deadline)) {
        const uint64_t taken = take_leases_back();
        info_.taken_back += taken;
        wait_for_readers(lock, nullptr);
      }
      for (Item& item : items_) {
        if (item.slot != kNoBlock) core_->slots.remove_offered(std::exchange(item.slot, kNoBlock));
      }
      core_->offers.erase(segment_.id);
      info_.state = OfferState::kClosed;
    }
    end_turn();
  }
  unwatch();
  const std::vector<std::shared_ptr<void>> kept = std::move(keep_);
  keep_.clear();
}

}  // namespace windlass
