#include "volume/volume_core.hpp"

#include "base/nonce.hpp"
#include "base/text.hpp"
#include "volume/key.hpp"

namespace windlass {

VolumeCore::VolumeCore(const VolumeOptions& given)
    : options(given), nonce(fresh_nonce()), workers_(options.worker_threads) {
  // They begin somewhere else in each volume, so that what a client remembers of one is never found in the next.
  next_segment_ = (nonce >> 1U) | 1U;
  next_offer = next_segment_ | kOfferedSegment;
}

Status VolumeCore::check_open(const SessionState& session) const {
  if (closed) return Status::error(Code::kUnavailable, "the volume was closed; open another, or wait for one");
  if (session.phase == SessionState::Phase::kOpen) return Status();
  return Status::error(Code::kUnavailable, text("the session of ", session.options.peer, " has ended; open another"));
}

Status VolumeCore::check_conditions(std::span<const Condition> conditions) const {
  for (const Condition& condition : conditions) {
    const Entry* const entry = index.find(condition.key);
    const uint64_t found = entry == nullptr ? 0 : entry->version;
    if (found == condition.version) continue;
    const std::string wanted =
        condition.version == 0 ? "should not exist" : text("should be of version ", condition.version);
    const std::string is = found == 0 ? "does not exist" : text("is of version ", found);
    return Status::error(Code::kConflict, text("the key ", key_text(condition.key), " ", is, ", but ", wanted,
                                               "; look again and decide anew"));
  }
  return Status();
}

Entry& VolumeCore::add_entry(std::string_view key, EntryKind kind) {
  Entry& added = index.add(key);
  added.kind = kind;
  metadata_bytes += added.metadata_bytes();
  return added;
}

void VolumeCore::drop_entry(Entry& entry) noexcept {
  if (entry.readable()) {
    --counters.entries;
    counters.value_bytes -= entry.bytes();
  }
  entry.each_value([&](const Value& value) {
    count_out(value);
    if (value.slot != kNoBlock) slots.retire(value.slot);
  });
  metadata_bytes -= entry.metadata_bytes();
  index.erase(entry);
}

bool VolumeCore::evict(uint64_t slot_bytes, uint64_t least_bytes, uint64_t metadata) {
  if (options.eviction == Eviction::kNone) return false;
  std::vector<Entry*> victims;
  uint64_t found_bytes = 0;
  uint64_t found_metadata = 0;
  for (Entry* entry = index.oldest(); entry != nullptr; entry = entry->newer) {
    if (found_bytes >= slot_bytes && found_metadata >= metadata) break;
    uint64_t bytes = 0;
    uint64_t beside = entry->metadata_bytes();
    bool held = false;
    entry->each_value([&](const Value& value) {
      beside += value.metadata_bytes();
      if (value.slot == kNoBlock) return;
      const Slot& slot = slots.slot(value.slot);
      held = held || slot.holds != 0 || slot.offered;
      bytes += slots.space().block(value.slot).bytes;
    });
    if (held || (metadata == 0 && bytes == 0)) continue;
    victims.push_back(entry);
    found_bytes += bytes;
    found_metadata += beside;
  }
  if (victims.empty() || found_bytes < least_bytes || found_metadata < metadata) return false;
  for (Entry* const entry : victims) {
    ++counters.evictions;
    counters.evicted_bytes += entry->bytes();
    drop_entry(*entry);
  }
  return true;
}

void VolumeCore::free_session(SessionState& session) noexcept {
  slots.abandon(session.prepared);
  for (const auto& [name, held] : session.leases) {
    for (const BlockId slot : held) {
      if (slot != kNoBlock) slots.let_go(slot, false);
    }
  }
  session.leases.clear();
  session.leased_slots = 0;
  session.phase = SessionState::Phase::kEnded;
  sessions.erase(&session);
}

VolumeInfo VolumeCore::info_locked() const {
  VolumeInfo info = counters;
  info.limit_bytes = options.limit_bytes;
  info.nonce = nonce;
  if (closed) return info;
  info.held_bytes = slots.space().held_bytes();
  info.used_bytes = slots.space().used_bytes();
  info.segments = slots.segment_count();
  for (const SessionState* const session : sessions) {
    if (session->phase == SessionState::Phase::kOrphaned) {
      info.orphaned_slots += session->prepared.count + session->leased_slots;
      continue;
    }
    ++info.sessions;
    info.leases += session->leases.size();
    info.prepared_slots += session->prepared.count;
  }
  return info;
}

}  // namespace windlass
