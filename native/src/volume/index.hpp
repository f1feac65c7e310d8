// What a volume has under which key: the entries, in the order of their keys, and in the order of their last use.
//
// An entry is readable once a whole value, or all shards of one, have been published. Until then, or while a new set of
// shards is under way, shards that have come wait beside it.
//
// It knows no memory: a value names its slot, and whoever takes entries apart gives the slots back.
//
// Threads: the caller's lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "volume/entry.hpp"
#include "volume/space.hpp"
#include "volume/volume_control.hpp"
#include "volume/volume_info.hpp"

namespace windlass {

// One value, or one shard.
struct Value {
  int32_t dtype = 0;
  Shape shape;
  std::string attributes;
  uint64_t bytes = 0;
  BlockId slot = kNoBlock;       // where bytes is 0
  uint32_t keeper = UINT32_MAX;  // while a batch is published: its item that would like the slot before
  bool withdrawn = false;        // its bytes are offered memory that is being changed

  // What it takes beside its slot, about.
  uint64_t metadata_bytes() const noexcept { return kMetadataBytes + attributes.size(); }
  static constexpr uint64_t kMetadataBytes = 256;
};

struct ShardSets {
  explicit ShardSets(uint32_t shards) noexcept : count(shards) {}

  const uint32_t count;
  std::vector<Value> current;         // all, or none; has room for all once it is needed
  std::map<uint32_t, Value> coming;   // of the next version
  std::map<uint32_t, Value> planned;  // by the batch that is being planned
};

struct Entry {
  std::string_view key;
  EntryKind kind = EntryKind::kBytes;
  bool pinned = false;
  bool leaving = false;    // marked to be removed by the batch that has the mark
  uint64_t version = 0;    // of what is readable; 0: nothing is
  uint64_t mark = 0;       // of the last batch that was planned with it
  uint32_t withdrawn = 0;  // of the values that are readable; with any, the entry is not leased
  Value whole;
  std::unique_ptr<ShardSets> shards;  // if it has any, whole is not in use
  Entry* older = nullptr;             // by last use; of those that are not pinned
  Entry* newer = nullptr;

  bool readable() const noexcept { return version != 0; }
  uint32_t shard_count() const noexcept { return shards == nullptr ? 0 : shards->count; }
  // Of what is readable.
  uint64_t bytes() const noexcept;
  // What it takes beside its slots and its values, about.
  uint64_t metadata_bytes() const noexcept { return kMetadataBytes + 2 * key.size(); }
  static constexpr uint64_t kMetadataBytes = 512;

  // Calls visit(value) for all values: of whole or current ones, then of those that are coming.
  template <typename Visit>
  void each_value(Visit&& visit) {
    if (shards == nullptr) {
      if (readable()) visit(whole);
      return;
    }
    for (Value& value : shards->current) visit(value);
    for (auto& [index, value] : shards->coming) visit(value);
  }
};

class Index {
 public:
  Index() = default;
  ~Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // nullptr if there is none.
  Entry* find(std::string_view key) const noexcept;

  // Adds an entry that is neither readable nor used yet; there is none of this key. Where keys come in order, adding is
  // fastest.
  Entry& add(std::string_view key);

  void erase(Entry& entry) noexcept;

  // It has just been used.
  void touch(Entry& entry) noexcept;

  void set_pinned(Entry& entry, bool pinned) noexcept;

  // From here on newer ones are used later; nullptr if there is none.
  Entry* oldest() const noexcept { return oldest_; }

  // Only readable ones.
  KeyPage page(const KeyQuery& query) const;

  EntryInfo describe(const Entry& entry) const;

  uint64_t size() const noexcept { return entries_.size(); }

  template <typename Visit>
  void each(Visit&& visit) {
    for (auto& [key, entry] : entries_) visit(entry);
  }
  void clear() noexcept;

 private:
  using Entries = std::map<std::string, Entry, std::less<>>;

  void link_newest(Entry& entry) noexcept;
  void unlink(Entry& entry) noexcept;
  bool collect(std::string_view from, bool beyond, std::string_view prefix, uint64_t limit, KeyPage& page) const;

  Entries entries_;
  Entries::iterator last_added_ = entries_.end();
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
};

// Which shards a set lacks that is under way, or of a first one: the first 64.
std::vector<uint32_t> missing_shards(const Entry& entry);

}  // namespace windlass
