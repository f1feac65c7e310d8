// Who reads an offer: keeping readers out, waiting for them, and taking their leases back.
#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "volume/offer.hpp"

namespace windlass {

namespace {

constexpr size_t kNamedReaders = 4;  // in a message

constexpr std::chrono::nanoseconds kLongestDrain = std::chrono::hours(1);

// The readable value that an offer has under a key and place, and the one of the next version; nullptr if it has none.
struct Values {
  Value* readable = nullptr;
  Value* coming = nullptr;
};

Values values_of(Entry& entry, ShardPlace shard, BlockId slot) {
  Values found;
  const auto is_ours = [&](const Value& value) { return slot != kNoBlock && value.slot == slot; };
  if (entry.shards == nullptr) {
    if (entry.readable() && is_ours(entry.whole)) found.readable = &entry.whole;
    return found;
  }
  ShardSets& sets = *entry.shards;
  if (shard.index < sets.current.size() && is_ours(sets.current[shard.index])) {
    found.readable = &sets.current[shard.index];
  }
  const auto next = sets.coming.find(shard.index);
  if (next != sets.coming.end() && is_ours(next->second)) found.coming = &next->second;
  return found;
}

}  // namespace

void Offer::withdraw() noexcept {
  for (Item& item : items_) {
    item.withdrew_readable = false;
    item.withdrew_coming = false;
    Entry* const entry = core_->index.find(item.key);
    if (entry == nullptr) continue;
    const Values values = values_of(*entry, item.shard, item.slot);
    if (values.readable != nullptr && !std::exchange(values.readable->withdrawn, true)) {
      ++entry->withdrawn;
      item.withdrew_readable = true;
    }
    if (values.coming != nullptr && !std::exchange(values.coming->withdrawn, true)) item.withdrew_coming = true;
  }
}

// What was withdrawn before, because other shards of the next version are missing, stays so.
void Offer::undo_withdrawal() noexcept {
  for (Item& item : items_) {
    Entry* const entry = core_->index.find(item.key);
    if (entry == nullptr) continue;
    const Values values = values_of(*entry, item.shard, item.slot);
    // A set that was completed meanwhile has made what was coming readable.
    Value* const coming = values.coming != nullptr ? values.coming : values.readable;
    if (item.withdrew_coming && coming != nullptr && std::exchange(coming->withdrawn, false) &&
        coming == values.readable) {
      --entry->withdrawn;
    }
    if (item.withdrew_readable && values.readable != nullptr && std::exchange(values.readable->withdrawn, false)) {
      --entry->withdrawn;
    }
  }
}

// Returns false if the time was up.
bool Offer::wait_turn(Lock& lock, Deadline deadline) {
  while (in_turn_) {
    if (deadline.expired()) return false;
    core_->slots.let_go_of_offered().wait_for(lock, std::min(deadline.remaining(), kLongestDrain));
  }
  in_turn_ = true;
  return true;
}

void Offer::end_turn() noexcept {
  in_turn_ = false;
  core_->slots.let_go_of_offered().notify_all();
}

bool Offer::held() const noexcept {
  return std::any_of(items_.begin(), items_.end(), [this](const Item& item) {
    return item.slot != kNoBlock && core_->slots.slot(item.slot).holds != 0;
  });
}

// Returns false if the time was up; without a deadline it never is.
bool Offer::wait_for_readers(Lock& lock, const Deadline* deadline) {
  while (held()) {
    if (deadline != nullptr && deadline->expired()) return false;
    const std::chrono::nanoseconds left = deadline == nullptr ? kLongestDrain : deadline->remaining();
    core_->slots.let_go_of_offered().wait_for(lock, std::min(left, kLongestDrain));
  }
  return true;
}

// Calls visit(session, slots) for each lease that has slots of this offer.
template <typename Visit>
void Offer::each_lease(Visit&& visit) const {
  const uint64_t mark = ++core_->mark;
  for (const Item& item : items_) {
    if (item.slot != kNoBlock) core_->slots.slot(item.slot).mark = mark;
  }
  const auto is_ours = [&](BlockId slot) { return slot != kNoBlock && core_->slots.slot(slot).mark == mark; };
  for (SessionState* const session : core_->sessions) {
    for (auto& [name, slots] : session->leases) {
      if (std::any_of(slots.begin(), slots.end(), is_ours)) visit(*session, slots);
    }
  }
}

uint64_t Offer::take_leases_back() noexcept {
  uint64_t taken = 0;
  each_lease([&](SessionState& session, std::vector<BlockId>& slots) {
    ++taken;
    const uint64_t mark = core_->mark;
    for (BlockId& slot : slots) {
      if (slot == kNoBlock || core_->slots.slot(slot).mark != mark) continue;
      core_->slots.let_go(std::exchange(slot, kNoBlock), false);
      --session.leased_slots;
    }
  });
  return taken;
}

std::string Offer::readers_text() const {
  std::set<std::string> peers;
  each_lease([&](SessionState& session, std::vector<BlockId>&) { peers.insert(session.options.peer); });
  if (peers.empty()) return "bytes of it are on their way to a reader";
  std::string named;
  for (auto peer = peers.begin(); peer != peers.end(); ++peer) {
    if (std::distance(peers.begin(), peer) == kNamedReaders) break;
    named += text(named.empty() ? "" : ", ", *peer);
  }
  return text("it is being read by ", named, peers.size() > kNamedReaders ? ", …" : "");
}

OfferInfo Offer::info() const {
  const std::lock_guard lock(core_->mutex);
  OfferInfo now = info_;
  each_lease([&](SessionState&, std::vector<BlockId>&) { ++now.readers; });
  return now;
}

void Offer::take_values_away() noexcept {
  for (const Item& item : items_) {
    Entry* const entry = core_->index.find(item.key);
    if (entry == nullptr) continue;
    // What has no bytes has no slot either; it is ours if it is of our version.
    const bool is_empty = item.slot == kNoBlock && entry->shards == nullptr && entry->readable() &&
                          entry->whole.bytes == 0 && entry->version == info_.version;
    if (is_empty) {
      core_->drop_entry(*entry);
    } else if (item.slot != kNoBlock) {
      take_away(*entry, item);
    }
  }
}

// Of a sharded value that is readable, all shards go: without this one it is none.
void Offer::take_away(Entry& entry, const Item& item) noexcept {
  const Values values = values_of(entry, item.shard, item.slot);
  if (values.readable == nullptr && values.coming == nullptr) return;
  if (entry.shards == nullptr) return core_->drop_entry(entry);
  ShardSets& sets = *entry.shards;
  if (values.readable != nullptr) {
    --core_->counters.entries;
    core_->counters.value_bytes -= entry.bytes();
    for (const Value& value : sets.current) {
      core_->count_out(value);
      if (value.slot != kNoBlock) core_->slots.retire(value.slot);
    }
    sets.current.clear();
    entry.version = 0;
    entry.withdrawn = 0;
  }
  if (values.coming != nullptr) {
    core_->count_out(*values.coming);
    core_->slots.retire(item.slot);
    sets.coming.erase(item.shard.index);
  }
  if (!entry.readable() && sets.coming.empty()) core_->drop_entry(entry);
}

}  // namespace windlass
