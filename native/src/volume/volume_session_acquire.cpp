// Asking: leases, descriptions, lists; and taking away.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "volume/key.hpp"
#include "volume/volume_core.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

namespace {

constexpr size_t kNamedShards = 16;              // in a message
constexpr uint64_t kMostLeased = 4 * kMaxBatch;  // values of one session at once

template <typename Keys, typename KeyOf>
Status check_keys(const Keys& keys, KeyOf&& key_of) {
  if (keys.size() > kMaxBatch) {
    return Status::error(Code::kInvalidArgument, text(keys.size(), " keys in one call; give at most ", kMaxBatch));
  }
  for (const auto& key : keys) {
    if (Status sound = check_key(key_of(key)); !sound.ok()) return sound;
  }
  return Status();
}

constexpr auto kItself = [](std::string_view key) { return key; };

Status not_found(std::string_view first, uint64_t more) {
  const std::string others = more == 0 ? "" : text(", nor under ", more, " more of those asked for");
  return Status::error(Code::kNotFound, text("nothing is under the key ", key_text(first), others,
                                             "; put it first, or look for another"));
}

Status incomplete(const Entry& entry) {
  const std::vector<uint32_t> missing = missing_shards(entry);
  std::string named;
  for (size_t i = 0; i < missing.size() && i < kNamedShards; ++i) named += text(i == 0 ? "" : ", ", missing[i]);
  const uint64_t count = entry.shards->count - entry.shards->coming.size();
  return Status::error(Code::kIncomplete,
                       text("the key ", key_text(entry.key), " lacks ", count, " of its ", entry.shards->count,
                            " shards: ", named, count > kNamedShards ? ", …" : "", "; put them"));
}

Status being_changed(const Entry& entry) {
  return Status::error(Code::kState, text("the key ", key_text(entry.key), " is of version ", entry.version,
                                          ", and whoever offers it is changing its memory; ask again soon"));
}

// All of one acquire. With the core's lock held while it plans and leases.
class Search {
 public:
  Search(VolumeCore& core, SessionState& session, std::span<const AcquireItem> items)
      : core_(core), session_(session), items_(items) {}

  // Finds all, or says why not.
  Status plan(const AcquireOptions& options) {
    if (Status open = core_.check_open(session_); !open.ok()) return open;
    if (Status met = core_.check_conditions(options.conditions); !met.ok()) return met;
    if (Status all = find(options.skip_missing); !all.ok()) return all;
    answer.found.reserve(values_);
    slots_.reserve(values_);
    for (size_t i = 0; i < items_.size(); ++i) {
      if (entries_[i] == nullptr) continue;
      const Entry& entry = *entries_[i];
      if (entry.shards == nullptr) add(i, entry, entry.whole, {});
      for (uint32_t k = 0; entry.shards != nullptr && k < entry.shards->count; ++k) {
        add(i, entry, entry.shards->current[k], {k, entry.shards->count});
      }
    }
    return Status();
  }

  // Leases what was found; nothing fails once the lease has its place.
  void lease() {
    if (!slots_.empty()) {
      answer.lease = session_.next_token;
      const auto made = session_.leases.emplace(answer.lease, std::move(slots_)).first;
      session_.next_token += made->second.size();
      session_.leased_slots += made->second.size();
      for (const BlockId slot : made->second) core_.slots.hold(slot, false);
    }
    for (Entry* const entry : entries_) {
      if (entry != nullptr) core_.index.touch(*entry);
    }
    core_.counters.acquires += answer.found.size();
    core_.counters.acquired_bytes += bytes;
  }

  Acquired answer;
  uint64_t bytes = 0;

 private:
  Status find(bool skip_missing) {
    entries_.resize(items_.size());
    const uint64_t mark = ++core_.mark;
    std::optional<std::string_view> missing;
    uint64_t more = 0;
    const Entry* lacking = nullptr;
    const Entry* changing = nullptr;
    for (size_t i = 0; i < items_.size(); ++i) {
      Entry* const entry = core_.index.find(items_[i].key);
      if (entry == nullptr) {
        if (missing.has_value()) ++more;
        if (!missing.has_value()) missing = items_[i].key;
        ++core_.counters.misses;
        continue;
      }
      if (entry->mark == mark) {
        return Status::error(Code::kInvalidArgument,
                             text("the key ", key_text(entry->key), " was asked for twice in one call; ask once"));
      }
      entry->mark = mark;
      if (!entry->readable() && lacking == nullptr) lacking = entry;
      if (entry->withdrawn != 0 && changing == nullptr) changing = entry;
      entries_[i] = entry;
      values_ += entry->shards == nullptr ? 1 : entry->shards->current.size();
    }
    if (missing.has_value() && !skip_missing) return not_found(*missing, more);
    if (lacking != nullptr) return incomplete(*lacking);
    if (changing != nullptr) return being_changed(*changing);
    if (values_ > kMaxBatch) {
      return Status::error(Code::kInvalidArgument,
                           text(values_, " values and shards in one call; ask for at most ", kMaxBatch));
    }
    if (session_.leased_slots + values_ <= kMostLeased) return Status();
    return Status::error(Code::kInvalidArgument, text(session_.options.peer, " leases ", session_.leased_slots,
                                                      " values already; release some of them first"));
  }

  void add(uint64_t item, const Entry& entry, const Value& value, ShardPlace shard) {
    Found& found = answer.found.emplace_back();
    found.item = item;
    found.kind = entry.kind;
    found.dtype = value.dtype;
    found.shape = value.shape;
    found.attributes = value.attributes;
    found.version = entry.version;
    found.shard = shard;
    found.bytes = value.bytes;
    found.inline_offset = bytes;
    bytes += value.bytes;
    if (value.slot == kNoBlock) return;
    found.place = core_.slots.range(value.slot, session_.next_token + slots_.size(), value.bytes);
    slots_.push_back(value.slot);
  }

  VolumeCore& core_;
  SessionState& session_;
  const std::span<const AcquireItem> items_;
  std::vector<Entry*> entries_;  // nullptr: missing
  std::vector<BlockId> slots_;   // of what has bytes
  uint64_t values_ = 0;
};

}  // namespace

Result<Acquired> VolumeSession::acquire(std::span<const AcquireItem> items, const AcquireOptions& options,
                                        Deadline deadline) {
  if (Status keys = check_keys(items, [](const AcquireItem& item) { return item.key; }); !keys.ok()) return keys;
  Search search(*core_, *state_, items);
  {
    const std::lock_guard lock(core_->mutex);
    if (Status planned = search.plan(options); !planned.ok()) return planned;
    search.lease();
  }
  Acquired& answer = search.answer;
  if (search.bytes > std::min(options.inline_bytes, kMaxInlineBytes) || answer.found.empty()) {
    for (Found& found : answer.found) found.inline_offset = 0;
    return std::move(answer);
  }
  // Copied under the lease, not under the lock.
  struct Release {
    VolumeSession& session;
    const uint64_t lease;
    const Deadline deadline;
    ~Release() {
      if (lease != 0) static_cast<void>(session.release({&lease, 1}, deadline));
    }
  } const release{*this, std::exchange(answer.lease, 0), deadline};
  answer.inlined.resize(search.bytes);
  std::vector<RemoteRange> places;
  places.reserve(answer.found.size());
  for (Found& found : answer.found) places.push_back(std::exchange(found.place, RemoteRange()));
  Result<SlotHold> bytes = hold(places, MapFor::kReading);
  if (!bytes.ok()) return bytes.status();
  for (size_t i = 0; i < places.size(); ++i) {
    const std::span<std::byte> part = bytes->parts()[i];
    if (!part.empty()) std::memcpy(answer.inlined.data() + answer.found[i].inline_offset, part.data(), part.size());
  }
  return std::move(answer);
}

Result<std::vector<EntryInfo>> VolumeSession::describe(std::span<const std::string_view> keys, Deadline /*deadline*/) {
  if (Status sound = check_keys(keys, kItself); !sound.ok()) return sound;
  std::vector<EntryInfo> infos(keys.size());
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  for (size_t i = 0; i < keys.size(); ++i) {
    const Entry* const entry = core_->index.find(keys[i]);
    if (entry != nullptr) infos[i] = core_->index.describe(*entry);
  }
  return infos;
}

Result<uint64_t> VolumeSession::remove(std::span<const std::string_view> keys, bool must_exist,
                                       std::span<const Condition> conditions, Deadline /*deadline*/) {
  if (Status sound = check_keys(keys, kItself); !sound.ok()) return sound;
  std::vector<Entry*> leaving;
  leaving.reserve(keys.size());
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  if (Status met = core_->check_conditions(conditions); !met.ok()) return met;
  const uint64_t mark = ++core_->mark;
  std::optional<std::string_view> missing;
  uint64_t more = 0;
  for (const std::string_view key : keys) {
    Entry* const entry = core_->index.find(key);
    if (entry == nullptr) {
      if (missing.has_value()) ++more;
      if (!missing.has_value()) missing = key;
    } else if (entry->mark != mark) {
      entry->mark = mark;
      leaving.push_back(entry);
    }
  }
  if (must_exist && missing.has_value()) return not_found(*missing, more);
  for (Entry* const entry : leaving) core_->drop_entry(*entry);
  core_->counters.removals += leaving.size();
  return uint64_t{leaving.size()};
}

Result<KeyPage> VolumeSession::keys(const KeyQuery& query, Deadline /*deadline*/) {
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  return core_->index.page(query);
}

Status VolumeSession::pin(std::span<const std::string_view> keys, bool pinned, Deadline /*deadline*/) {
  if (Status sound = check_keys(keys, kItself); !sound.ok()) return sound;
  std::vector<Entry*> found;
  found.reserve(keys.size());
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  for (const std::string_view key : keys) {
    Entry* const entry = core_->index.find(key);
    if (entry == nullptr) return not_found(key, 0);
    found.push_back(entry);
  }
  for (Entry* const entry : found) core_->index.set_pinned(*entry, pinned);
  return Status();
}

Result<VolumeInfo> VolumeSession::info(Deadline /*deadline*/) {
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  return core_->info_locked();
}

}  // namespace windlass
