#include "volume/index.hpp"

#include <iterator>

namespace windlass {

namespace {

constexpr uint32_t kPageKeys = 4096;   // of one answer, unless fewer are asked for
constexpr uint64_t kPageBytes = kMiB;  // of keys, after which an answer ends
constexpr size_t kMostMissing = 64;    // shards that are named

}  // namespace

uint64_t Entry::bytes() const noexcept {
  if (!readable()) return 0;
  if (shards == nullptr) return whole.bytes;
  uint64_t sum = 0;
  for (const Value& value : shards->current) sum += value.bytes;
  return sum;
}

Entry* Index::find(std::string_view key) const noexcept {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second->second;
}

Entry& Index::add(std::string_view key) {
  // Batches come in order more often than not; then the place is behind the one before.
  const auto hint = last_added_ == entries_.end() ? last_added_ : std::next(last_added_);
  // Whole before it is anybody's, so that a failure leaves nothing behind.
  Entries made;
  const auto fresh = made.try_emplace(std::string(key)).first;
  fresh->second.key = fresh->first;
  const auto named = by_key_.emplace(fresh->second.key, fresh).first;
  named->second = last_added_ = entries_.insert(hint, made.extract(fresh));
  link_newest(last_added_->second);
  return last_added_->second;
}

void Index::erase(Entry& entry) noexcept {
  const auto found = by_key_.find(entry.key);
  const auto gone = found->second;
  if (!entry.pinned) unlink(entry);
  by_key_.erase(found);
  if (last_added_ == gone) last_added_ = entries_.end();
  entries_.erase(gone);
}

void Index::clear() noexcept {
  by_key_.clear();
  entries_.clear();
  last_added_ = entries_.end();
  oldest_ = nullptr;
  newest_ = nullptr;
}

void Index::touch(Entry& entry) noexcept {
  if (entry.pinned || newest_ == &entry) return;
  unlink(entry);
  link_newest(entry);
}

void Index::set_pinned(Entry& entry, bool pinned) noexcept {
  if (entry.pinned == pinned) return;
  if (pinned) {
    unlink(entry);
  } else {
    link_newest(entry);
  }
  entry.pinned = pinned;
}

void Index::link_newest(Entry& entry) noexcept {
  entry.older = newest_;
  entry.newer = nullptr;
  if (newest_ != nullptr) newest_->newer = &entry;
  newest_ = &entry;
  if (oldest_ == nullptr) oldest_ = &entry;
}

void Index::unlink(Entry& entry) noexcept {
  (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
  (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
  entry.older = nullptr;
  entry.newer = nullptr;
}

// Adds readable keys with the prefix to the page, from a key on, or beyond it. Returns false once the page is full.
bool Index::collect(std::string_view from, bool beyond, std::string_view prefix, uint64_t limit, KeyPage& page) const {
  uint64_t bytes = 0;
  auto at = beyond ? entries_.upper_bound(from) : entries_.lower_bound(from);
  for (; at != entries_.end() && at->second.key.starts_with(prefix); ++at) {
    if (!at->second.readable()) continue;
    if (page.keys.size() >= limit || bytes >= kPageBytes) {
      page.more = true;
      return false;
    }
    bytes += at->first.size();
    page.keys.push_back(at->first);
  }
  return true;
}

KeyPage Index::page(const KeyQuery& query) const {
  KeyPage page;
  const uint64_t limit = query.limit == 0 || query.limit > kPageKeys ? kPageKeys : query.limit;
  const auto from = [&](std::string_view prefix) { return query.after < prefix ? prefix : query.after; };
  if (!query.by_component || query.prefix.empty()) {
    const std::string_view first = from(query.prefix);
    collect(first, !query.after.empty() && first == query.after, query.prefix, limit, page);
    return page;
  }
  // The key itself, then what is below it: what comes between the two, as "a/b-c", is passed over in one step.
  if (query.after < query.prefix) {
    const Entry* const itself = find(query.prefix);
    if (itself != nullptr && itself->readable()) page.keys.emplace_back(query.prefix);
  }
  const std::string below = query.prefix.ends_with('/') ? std::string(query.prefix) : std::string(query.prefix) + '/';
  const std::string_view first = from(below);
  // The key itself is not below it unless it ends with a stroke, as then it has been told already.
  const bool beyond = (!query.after.empty() && first == query.after) || first == query.prefix;
  collect(first, beyond, below, limit, page);
  return page;
}

EntryInfo Index::describe(const Entry& entry) const {
  EntryInfo info;
  info.exists = entry.readable();
  info.kind = entry.kind;
  info.version = entry.version;
  info.bytes = entry.bytes();
  info.shards = entry.shard_count();
  info.pinned = entry.pinned;
  const Value* shown = entry.shards == nullptr ? &entry.whole : nullptr;
  if (entry.shards != nullptr) {
    if (!entry.shards->current.empty()) {
      shown = &entry.shards->current.front();
    } else if (!entry.shards->coming.empty()) {
      shown = &entry.shards->coming.begin()->second;
    }
    if (!entry.shards->coming.empty()) info.missing = missing_shards(entry);
  }
  if (shown == nullptr) return info;
  info.dtype = shown->dtype;
  info.shape = shown->shape;
  info.attributes = shown->attributes;
  return info;
}

std::vector<uint32_t> missing_shards(const Entry& entry) {
  std::vector<uint32_t> missing;
  if (entry.shards == nullptr) return missing;
  auto next = entry.shards->coming.begin();
  for (uint32_t index = 0; index < entry.shards->count && missing.size() < kMostMissing; ++index) {
    if (next != entry.shards->coming.end() && next->first == index) {
      ++next;
    } else {
      missing.push_back(index);
    }
  }
  return missing;
}

}  // namespace windlass
