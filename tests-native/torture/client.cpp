#include "client.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "content.hpp"
#include "store/tensor_store.hpp"

namespace windlass::torture {

namespace {

constexpr uint64_t kBufferBytes = 2 * kMiB;

class Client {
 public:
  Client(std::shared_ptr<TensorStore> store, uint64_t seed, Board& board)
      : store_(std::move(store)), random_(seed), board_(board) {}

  // Returns whether all is well.
  bool step() {
    const auto group = static_cast<uint32_t>(random_() % kGroups);
    const uint64_t choice = random_() % 100;
    if (choice < 45) return put(group);
    if (choice < 90) return get(group);
    if (choice < 95) return group < kStableGroups || remove(group);
    return list();
  }

  bool open_buffers() {
    for (std::shared_ptr<TransportBuffer>& each : buffers_) {
      Result<std::shared_ptr<TransportBuffer>> buffer = store_->open_buffer(kBufferBytes);
      if (!buffer.ok()) return expected(buffer.status());
      each = *std::move(buffer);
    }
    return true;
  }

 private:
  bool violation(std::string_view what) {
    board_.violations.fetch_add(1);
    std::fprintf(stderr, "torture: process %d: %.*s\n", getpid(), static_cast<int>(what.size()), what.data());
    return false;
  }

  // Of all errors, a lack of room is part of the game.
  bool expected(const Status& status) {
    if (status.code() != Code::kNoSpace) return violation(status.to_string());
    board_.refusals.fetch_add(1);
    return true;
  }

  bool put(uint32_t group) {
    const uint64_t sequence = board_.next_sequence.fetch_add(1);
    const bool buffered = random_() % 3 == 0;
    std::array<std::string, kItems> keys;
    std::array<std::vector<std::byte>, kItems> contents;
    std::array<PutItem, kItems> items;
    for (uint32_t i = 0; i < kItems; ++i) {
      keys[i] = key_of(group, i);
      contents[i] = content_of(sequence, group, i);
      items[i].key = keys[i];
      items[i].data = contents[i].data();
      items[i].bytes = contents[i].size();
      if (buffered) items[i].buffer = buffers_[i];
    }
    Result<PutReport> report = store_->put(items);
    if (!report.ok()) return expected(report.status());
    board_.puts.fetch_add(1);
    std::atomic<uint64_t>& newest = board_.committed[group];
    for (uint64_t seen = newest.load();
         seen < report->version && !newest.compare_exchange_weak(seen, report->version);) {
    }
    return true;
  }

  bool get(uint32_t group) {
    const uint64_t least = board_.committed[group].load();
    std::array<std::string, kItems> names;
    std::array<std::string_view, kItems> keys;
    for (uint32_t i = 0; i < kItems; ++i) keys[i] = names[i] = key_of(group, i);
    Result<std::shared_ptr<Lease>> lease = store_->acquire(keys);
    if (lease.status().code() == Code::kNotFound) {
      board_.misses.fetch_add(1);
      if (group < kStableGroups && least > 0) return violation(text("group ", group, " is gone: ", least));
      return true;
    }
    if (!lease.ok()) return violation(lease.status().to_string());
    board_.gets.fetch_add(1);
    return check(**lease, group, least);
  }

  bool check(Lease& lease, uint32_t group, uint64_t least) {
    const std::vector<LeaseEntry>& entries = lease.entries();
    if (entries.size() != kItems) return violation(text("a lease of ", entries.size(), " entries"));
    uint64_t sequence = 0;
    for (uint32_t i = 0; i < kItems; ++i) {
      const Found& found = entries[i].found;
      if (found.version != entries[0].found.version) return violation(text("group ", group, " has two versions"));
      if (group < kStableGroups && found.version < least) return violation(text("group ", group, " has gone back"));
      std::vector<std::byte> bytes(found.bytes);
      std::span<const std::byte> content = bytes;
      Result<std::span<const std::byte>> mapped = lease.map(i);
      if (mapped.ok()) {
        content = *mapped;
      } else {
        const LeaseRead read{.entry = i, .bytes = found.bytes, .target = bytes.data()};
        if (Status got = lease.read({&read, 1}, Deadline::after(std::chrono::minutes(1))); !got.ok()) {
          return violation(got.to_string());
        }
      }
      std::string wrong;
      const std::optional<Origin> origin = check_content(content, group, i, &wrong);
      if (!origin) return violation(text("item ", i, " of group ", group, " is ", wrong));
      if (i > 0 && origin->sequence != sequence) {
        return violation(text("group ", group, " mixes puts ", sequence, " and ", origin->sequence));
      }
      sequence = origin->sequence;
    }
    return true;
  }

  bool remove(uint32_t group) {
    std::array<std::string, kItems> names;
    std::array<std::string_view, kItems> keys;
    for (uint32_t i = 0; i < kItems; ++i) keys[i] = names[i] = key_of(group, i);
    Result<uint64_t> removed = store_->remove(keys, false);
    if (!removed.ok()) return violation(removed.status().to_string());
    if (*removed != 0 && *removed != kItems) return violation(text("half of group ", group, " was there"));
    board_.removals.fetch_add(*removed == 0 ? 0 : 1);
    return true;
  }

  bool list() {
    Result<KeyPage> page = store_->keys({.prefix = "stable/", .by_component = false, .after = "", .limit = 0});
    if (!page.ok()) return violation(page.status().to_string());
    if (page->keys.size() % kItems != 0 && !page->more) return violation("a list of keys has half a group");
    return true;
  }

  const std::shared_ptr<TensorStore> store_;
  std::mt19937_64 random_;
  Board& board_;
  std::array<std::shared_ptr<TransportBuffer>, kItems> buffers_;
};

}  // namespace

int run_client(const std::string& uri, uint64_t seed, Board& board) {
  StoreOptions options;
  options.transport = uri.starts_with("tcp") ? TransportKind::kTcp : TransportKind::kShm;
  Result<std::shared_ptr<TensorStore>> store = TensorStore::open(uri, options);
  if (!store.ok()) {
    board.violations.fetch_add(1);
    std::fprintf(stderr, "torture: %s\n", store.status().to_string().c_str());
    return 1;
  }
  Client client(*std::move(store), seed, board);
  bool well = client.open_buffers();
  while (well && board.stop.load() == 0) well = client.step();
  return well ? 0 : 1;
}

}  // namespace windlass::torture
