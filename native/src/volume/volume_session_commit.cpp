// Publishing: all of a batch is planned first, with everything that may fail, and then published in steps that cannot.
#include <algorithm>
#include <utility>

#include "base/contain.hpp"
#include "base/text.hpp"
#include "volume/batch_check.hpp"
#include "volume/key.hpp"
#include "volume/volume_core.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

namespace {

uint64_t metadata_of(std::span<const CommitItem> items) noexcept {
  uint64_t sum = 0;
  for (const CommitItem& item : items) {
    sum += Entry::kMetadataBytes + 2 * item.key.size() + Value::kMetadataBytes + item.meta.attributes.size();
  }
  return sum;
}

// Whether all shards will be there with those that are planned.
bool completes(const ShardSets& sets) {
  uint64_t there = sets.coming.size();
  for (const auto& [index, value] : sets.planned) {
    if (!sets.coming.contains(index)) ++there;
  }
  return there == sets.count;
}

// One batch, from its plan to its end. With the core's lock held throughout.
class Batch {
 public:
  // offered: for each item its slot of offered memory; or empty.
  Batch(VolumeCore& core, SessionState& session, std::span<const CommitItem> items, const CommitOptions& options,
        std::span<const BlockId> offered)
      : core_(core), session_(session), items_(items), options_(options), offered_(offered), mark_(++core.mark) {}
  ~Batch() {
    if (!published_) undo();
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // Finds out whether it can be published, and gets all the memory that takes.
  Status plan();

  Committed publish() noexcept;

 private:
  struct Planned {
    Entry* entry = nullptr;
    BlockId slot = kNoBlock;
    std::string attributes;  // of a whole value
  };

  Status plan_slot(const CommitItem& item, Planned& planned);
  Status plan_entry(const CommitItem& item, Planned& planned, uint32_t number);
  Status plan_shard(const CommitItem& item, Planned& planned, uint32_t number);
  Status plan_removals();
  Status plan_metadata();
  void undo() noexcept;

  void publish_whole(uint32_t number) noexcept;
  void publish_shards(Entry& entry) noexcept;
  void readable(Entry& entry, uint64_t bytes) noexcept;
  void replace(const Value& old, uint32_t keeper) noexcept;
  void give_next(uint32_t number, BlockId slot) noexcept;
  void fill_next() noexcept;

  VolumeCore& core_;
  SessionState& session_;
  const std::span<const CommitItem> items_;
  const CommitOptions& options_;
  const std::span<const BlockId> offered_;
  const uint64_t mark_;
  std::vector<Planned> planned_;
  std::vector<Entry*> added_;    // entries that there were not
  std::vector<Entry*> sharded_;  // entries of which there are shards in the batch
  std::vector<Entry*> leaving_;
  std::vector<uint64_t> capacities_;  // of the slots that items want to have again
  std::vector<BlockId> next_slots_;
  std::vector<RemoteRange> next_;
  bool published_ = false;
  bool wants_next_ = false;
  uint64_t version_ = 0;  // that this batch publishes under
};

Status Batch::plan_slot(const CommitItem& item, Planned& planned) {
  if (item.token == 0) {
    if (item.bytes == 0) return Status();
    return Status::error(Code::kInvalidArgument,
                         text("the key ", key_text(item.key), ": ", item.bytes, " bytes without a slot; prepare one"));
  }
  planned.slot = core_.slots.find(session_.prepared, item.token);
  if (planned.slot == kNoBlock) {
    return Status::error(Code::kInvalidArgument,
                         text("the key ", key_text(item.key), ": the token ", hex_text(item.token), " of ",
                              session_.options.peer, " does not stand for a slot that it prepared"));
  }
  Slot& slot = core_.slots.slot(planned.slot);
  if (slot.mark == mark_) {
    return Status::error(Code::kInvalidArgument, text("the key ", key_text(item.key),
                                                      ": its slot is another item's "
                                                      "of this batch; give each its own"));
  }
  slot.mark = mark_;
  if (item.bytes > slot.capacity) {
    return Status::error(Code::kInvalidArgument, text("the key ", key_text(item.key), ": ", item.bytes,
                                                      " bytes, but its slot has ", slot.capacity));
  }
  const bool counts = session_.options.counts_bytes && !session_.one_sided;
  if (slot.writers != 0 || (counts && slot.received < item.bytes)) {
    return Status::error(Code::kCorrupt, text("the key ", key_text(item.key), ": ", slot.received, " of its ",
                                              item.bytes, " bytes have arrived",
                                              slot.writers != 0 ? ", and more are under way" : "", "; put it again"));
  }
  return Status();
}

Status Batch::plan_entry(const CommitItem& item, Planned& planned, uint32_t number) {
  Entry* entry = core_.index.find(item.key);
  if (entry == nullptr) {
    entry = &core_.add_entry(item.key, item.meta.kind);
    added_.push_back(entry);
    if (item.shard.count != 0) entry->shards = std::make_unique<ShardSets>(item.shard.count);
  }
  planned.entry = entry;
  if (entry->kind != item.meta.kind) {
    return Status::error(Code::kMismatch, text("the key ", key_text(item.key), " is a ",
                                               entry->kind == EntryKind::kTensor ? "tensor" : "value of bytes",
                                               ", and stays one while it exists; remove it first"));
  }
  if (entry->shard_count() != item.shard.count) {
    return Status::error(Code::kMismatch, text("the key ", key_text(item.key), " consists of ", entry->shard_count(),
                                               " shards, but was put with ", item.shard.count,
                                               " (0: whole); put it as it is, or remove it first"));
  }
  if (item.shard.count != 0) return plan_shard(item, planned, number);
  if (entry->mark == mark_) {
    return Status::error(Code::kInvalidArgument,
                         text("the key ", key_text(item.key), " is twice in one batch; put it once"));
  }
  entry->mark = mark_;
  entry->leaving = false;
  planned.attributes = item.meta.attributes;
  return Status();
}

Status Batch::plan_shard(const CommitItem& item, Planned& planned, uint32_t number) {
  Entry& entry = *planned.entry;
  if (entry.mark != mark_) {
    entry.mark = mark_;
    entry.leaving = false;
    sharded_.push_back(&entry);
  }
  Value value{.dtype = item.meta.dtype,
              .shape = item.meta.shape,
              .attributes = std::string(item.meta.attributes),
              .bytes = item.bytes,
              .slot = item.bytes == 0 ? kNoBlock : planned.slot,
              .keeper = item.keep ? number : UINT32_MAX};
  if (entry.shards->planned.try_emplace(item.shard.index, std::move(value)).second) return Status();
  return Status::error(Code::kInvalidArgument, text("the key ", key_text(item.key), " has shard ", item.shard.index,
                                                    " twice in one batch; put it once"));
}

Status Batch::plan_removals() {
  leaving_.reserve(options_.removals.size());
  for (const std::string_view key : options_.removals) {
    Entry* const entry = core_.index.find(key);
    if (entry == nullptr || (entry->mark == mark_ && entry->leaving)) continue;
    if (entry->mark == mark_) {
      return Status::error(Code::kInvalidArgument,
                           text("the key ", key_text(key), " is both put and removed by one batch; do one of them"));
    }
    entry->mark = mark_;
    entry->leaving = true;
    leaving_.push_back(entry);
  }
  return Status();
}

Status Batch::plan_metadata() {
  const uint64_t wanted = metadata_of(items_);
  const uint64_t limit = core_.options.metadata_bytes;
  const uint64_t has = core_.metadata_bytes;
  if (has <= limit && wanted <= limit - has) return Status();
  // What is replaced counts twice for a moment, which is little beside the limit.
  if (wanted <= limit && core_.evict(0, 0, has - (limit - wanted))) return Status();
  ++core_.counters.refusals;
  return Status::error(Code::kNoSpace,
                       text("volume: keys and attributes would take ", bytes_text(has + wanted), ", and the limit is ",
                            bytes_text(limit), "; remove keys, or put fewer and larger values"));
}

Status Batch::plan() {
  if (Status open = core_.check_open(session_); !open.ok()) return open;
  if (Status met = core_.check_conditions(options_.conditions); !met.ok()) return met;
  if (Status room = plan_metadata(); !room.ok()) return room;
  // An eviction may have taken what a condition asks for.
  if (Status met = core_.check_conditions(options_.conditions); !met.ok()) return met;
  planned_.resize(items_.size());
  added_.reserve(items_.size());
  next_.resize(items_.size());
  uint64_t shrinking = 0;
  for (uint32_t i = 0; i < items_.size(); ++i) {
    if (!offered_.empty()) {
      planned_[i].slot = offered_[i];
    } else if (Status slot = plan_slot(items_[i], planned_[i]); !slot.ok()) {
      return slot;
    }
    if (Status entry = plan_entry(items_[i], planned_[i], i); !entry.ok()) return entry;
    wants_next_ = wants_next_ || items_[i].keep;
    if (!items_[i].keep && planned_[i].slot != kNoBlock) ++shrinking;
  }
  if (Status removals = plan_removals(); !removals.ok()) return removals;
  for (Entry* const entry : sharded_) {
    ShardSets& sets = *entry->shards;
    if (completes(sets)) sets.current.reserve(sets.count);
  }
  if (wants_next_) {
    capacities_.resize(items_.size());
    next_slots_.resize(items_.size());
  }
  core_.slots.reserve_blocks(shrinking);
  return Status();
}

void Batch::undo() noexcept {
  for (Entry* const entry : sharded_) entry->shards->planned.clear();
  for (Entry* const entry : added_) core_.drop_entry(*entry);
}

// What was replaced goes; its slot is the item's next if it fits and nobody holds it.
void Batch::replace(const Value& old, uint32_t keeper) noexcept {
  core_.count_out(old);
  if (old.slot == kNoBlock) return;
  const bool fits =
      keeper != UINT32_MAX && next_[keeper].token == 0 && core_.slots.slot(old.slot).capacity == capacities_[keeper];
  if (core_.slots.retire(old.slot, fits)) give_next(keeper, old.slot);
}

void Batch::give_next(uint32_t number, BlockId slot) noexcept {
  core_.slots.reserve(slot, capacities_[number], session_.prepared);
  next_[number] = core_.slots.range(slot, core_.slots.token(slot), capacities_[number]);
}

void Batch::readable(Entry& entry, uint64_t bytes) noexcept {
  if (!entry.readable()) ++core_.counters.entries;
  core_.counters.value_bytes += bytes;
  entry.version = version_;
  core_.index.touch(entry);
}

void Batch::publish_whole(uint32_t number) noexcept {
  const CommitItem& item = items_[number];
  Entry& entry = *planned_[number].entry;
  if (entry.readable()) {
    core_.counters.value_bytes -= entry.whole.bytes;
    replace(entry.whole, item.keep ? number : UINT32_MAX);
  }
  Value& value = entry.whole;
  value.dtype = item.meta.dtype;
  value.shape = item.meta.shape;
  value.attributes = std::move(planned_[number].attributes);
  value.bytes = item.bytes;
  value.slot = item.bytes == 0 ? kNoBlock : planned_[number].slot;
  value.withdrawn = false;
  entry.withdrawn = 0;
  core_.count_in(value);
  readable(entry, value.bytes);
}

void Batch::publish_shards(Entry& entry) noexcept {
  ShardSets& sets = *entry.shards;
  while (!sets.planned.empty()) {
    auto node = sets.planned.extract(sets.planned.begin());
    core_.count_in(node.mapped());
    if (const auto before = sets.coming.find(node.key()); before != sets.coming.end()) {
      replace(before->second, node.mapped().keeper);
      before->second = std::move(node.mapped());
    } else {
      sets.coming.insert(std::move(node));
    }
  }
  core_.index.touch(entry);
  const bool complete = sets.coming.size() == sets.count;
  if (complete) {
    if (entry.readable()) core_.counters.value_bytes -= entry.bytes();
    for (uint32_t i = 0; i < sets.current.size(); ++i) replace(sets.current[i], sets.coming.find(i)->second.keeper);
    sets.current.clear();
    entry.withdrawn = 0;
    uint64_t bytes = 0;
    for (auto& [index, value] : sets.coming) {
      bytes += value.bytes;
      value.keeper = UINT32_MAX;
      if (value.withdrawn) ++entry.withdrawn;
      sets.current.push_back(std::move(value));
    }
    sets.coming.clear();
    readable(entry, bytes);
    return;
  }
  for (auto& [index, value] : sets.coming) value.keeper = UINT32_MAX;
}

// Fresh room for those whose predecessor left none. Without it they have none, and prepare as they need it.
void Batch::fill_next() noexcept {
  bool lacking = false;
  for (size_t i = 0; i < next_.size(); ++i) {
    if (next_[i].token != 0) capacities_[i] = 0;
    lacking = lacking || capacities_[i] != 0;
  }
  if (!lacking) return;
  std::fill(next_slots_.begin(), next_slots_.end(), kNoBlock);
  const Status taken = contain([&] {
    core_.slots.take(capacities_, next_slots_);
    return Status();
  });
  for (uint32_t i = 0; i < next_slots_.size(); ++i) {
    if (next_slots_[i] != kNoBlock) give_next(i, next_slots_[i]);
  }
}

Committed Batch::publish() noexcept {
  published_ = true;
  const bool complete =
      std::any_of(sharded_.begin(), sharded_.end(), [](const Entry* entry) { return completes(*entry->shards); });
  const bool whole = std::any_of(items_.begin(), items_.end(), [](const CommitItem& i) { return i.shard.count == 0; });
  if (whole || complete || (items_.empty() && !leaving_.empty())) {
    version_ = ++core_.version;
  }
  for (Entry* const entry : leaving_) core_.drop_entry(*entry);
  core_.counters.removals += leaving_.size();
  for (uint32_t i = 0; i < items_.size(); ++i) {
    const CommitItem& item = items_[i];
    const BlockId slot = planned_[i].slot;
    if (item.keep && slot != kNoBlock) capacities_[i] = core_.slots.slot(slot).capacity;
    if (slot != kNoBlock && item.bytes != 0) {
      core_.slots.publish(slot, item.bytes, !item.keep);
    } else if (slot != kNoBlock && core_.slots.retire(slot, item.keep)) {
      give_next(i, slot);  // an empty value leaves its slot as it was
    }
    core_.counters.committed_bytes += item.bytes;
  }
  for (uint32_t i = 0; i < items_.size(); ++i) {
    if (items_[i].shard.count == 0) publish_whole(i);
  }
  for (Entry* const entry : sharded_) publish_shards(*entry);
  ++core_.counters.commits;
  if (wants_next_) fill_next();
  return {version_, std::move(next_)};
}

}  // namespace

Result<Committed> VolumeSession::commit(std::span<const CommitItem> items, const CommitOptions& options,
                                        Deadline /*deadline*/) {
  if (Status sound = check_batch(items, options); !sound.ok()) return sound;
  const std::lock_guard lock(core_->mutex);
  return core_->commit(*state_, items, options, {});
}

Result<Committed> VolumeCore::commit(SessionState& session, std::span<const CommitItem> items,
                                     const CommitOptions& batch, std::span<const BlockId> offered) {
  Batch planned(*this, session, items, batch, offered);
  if (Status sound = planned.plan(); !sound.ok()) return sound;
  return planned.publish();
}

}  // namespace windlass
