// What a store does with many values and for many clients, over shared memory: item 17 (a put with a buffer, against
// one without), a value mapped without a copy, batches, state dicts, and clients at once.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "memory/copy.hpp"
#include "store_world.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kBufferedBytes = 64 * kMiB;
constexpr int kBufferedPuts = 8;
constexpr int kAttachments = 200;
constexpr double kMostAttachSeconds = 20e-6;
constexpr uint64_t kSmallBytes = 16 * kKiB;
constexpr uint64_t kSmallValues = 10'000;
constexpr uint64_t kDictTensors = 300;
constexpr uint64_t kDictBytes = kGiB;
constexpr uint64_t kClientBytes = kMiB;
constexpr uint64_t kClientCalls = 512;  // of all clients together
constexpr std::array<size_t, 4> kClients = {1, 4, 16, 64};

using Stores = std::vector<std::shared_ptr<TensorStore>>;

// Item 17. The peer is the same call without the buffer.
void put_buffered(benchmark::State& state) {
  auto* const world = keep<StoreWorld>(
      state, "put_buffered", [] { return StoreWorld::open(TransportKind::kShm, 8 * kBufferedBytes, kBufferedBytes); });
  if (world == nullptr) return;
  Result<std::shared_ptr<TransportBuffer>> buffer = world->store().open_buffer(kBufferedBytes);
  if (!require(state, buffer.status())) return;
  for (auto _ : state) {
    Status status;
    const auto puts = [&](const std::shared_ptr<TransportBuffer>& with) {
      // Not counted: the first puts find the room that both take turns with.
      for (int i = 0; i < 2 && status.ok(); ++i) status = world->put("k", kBufferedBytes, with);
      return world->cost_with_volume([&] {
        for (int i = 0; i < kBufferedPuts && status.ok(); ++i) status = world->put("k", kBufferedBytes, with);
      });
    };
    record(state, "ours", puts(*buffer));
    record(state, "peer", puts(nullptr));
    if (!require(state, status)) return;
    record(state, "limit", cost_of([&] {
             for (int i = 0; i < kBufferedPuts; ++i)
               windlass::copy(world->target().data(), world->source().data(), kBufferedBytes);
           }));
    state.counters["bytes"] = static_cast<double>(kBufferedPuts * kBufferedBytes);
    if (!require(state, world->get("k")) || !require(state, world->arrived(kBufferedBytes), "other bytes came back")) {
      return;
    }
  }
}
BENCHMARK(put_buffered)->UseManualTime()->Iterations(1);

// One value of 64 MiB leased, mapped, its first byte read, and let go.
Status attach(TensorStore& store, std::byte* first) {
  constexpr std::string_view key = "k";
  Result<std::shared_ptr<Lease>> lease = store.acquire({&key, 1});
  if (!lease.ok()) return lease.status();
  Result<std::span<const std::byte>> mapped = (*lease)->map(0);
  if (mapped.ok()) *first = mapped->front();
  return mapped.status();
}

void store_attach(benchmark::State& state) {
  auto* const world = keep<StoreWorld>(
      state, "store_attach", [] { return StoreWorld::open(TransportKind::kShm, 8 * kBufferedBytes, kBufferedBytes); });
  if (world == nullptr || !require(state, world->put("k", kBufferedBytes))) return;
  for (auto _ : state) {
    Status status;
    std::byte first{};
    Cost cost = world->cost_with_volume([&] {
      for (int i = 0; i < kAttachments && status.ok(); ++i) status = attach(world->store(), &first);
    });
    if (!require(state, status) || !require(state, first == *world->source().data(), "another byte is mapped")) return;
    record(state, "ours", {cost.seconds / double{kAttachments}, cost.cpu_seconds / double{kAttachments}});
    record(state, "limit", {kMostAttachSeconds, 0});
    state.counters["bytes"] = static_cast<double>(kBufferedBytes);
  }
}
BENCHMARK(store_attach)->UseManualTime()->Iterations(1);

// Values of one size under keys of their own, all in one call.
struct Batch {
  std::vector<std::string> names;
  std::vector<PutItem> items;
  std::vector<std::string_view> keys;
  std::vector<LeaseRead> reads;

  Batch(const StoreWorld& world, std::string_view prefix, uint64_t count, uint64_t bytes) {
    names.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      names.push_back(text(prefix, "/", i));
      keys.emplace_back(names.back());
      PutItem& item = items.emplace_back();
      item.key = names.back();
      item.data = world.source().data() + i * bytes;
      item.bytes = bytes;
      reads.push_back({.entry = i, .bytes = bytes, .target = world.target().data() + i * bytes});
    }
  }

  Status put(TensorStore& store) const { return store.put(items).status(); }
  Status get(TensorStore& store) const {
    Result<std::shared_ptr<Lease>> lease = store.acquire(keys);
    if (!lease.ok()) return lease.status();
    return (*lease)->read(reads, Deadline::after(std::chrono::minutes(1)));
  }
};

struct Many {
  std::shared_ptr<StoreWorld> world;
  std::unique_ptr<Batch> many;
  std::unique_ptr<Batch> one;
  uint64_t bytes = 0;
};

Result<std::shared_ptr<Many>> open_many(uint64_t count, uint64_t bytes_each) {
  auto made = std::make_shared<Many>();
  made->bytes = count * bytes_each;
  Result<std::shared_ptr<StoreWorld>> world = StoreWorld::open(TransportKind::kShm, 6 * made->bytes, made->bytes);
  if (!world.ok()) return world.status();
  made->world = *std::move(world);
  made->many = std::make_unique<Batch>(*made->world, "many", count, bytes_each);
  made->one = std::make_unique<Batch>(*made->world, "one", 1, made->bytes);
  return made;
}

// Ours are many values, the limit is one of as many bytes.
void measure_many(benchmark::State& state, const std::string& name, uint64_t count, uint64_t bytes_each, bool puts) {
  auto* const made = keep<Many>(state, name, [&] { return open_many(count, bytes_each); });
  if (made == nullptr) return;
  TensorStore& store = made->world->store();
  for (auto _ : state) {
    Status status;
    const auto turn = [&](const char* side, const Batch& batch) {
      if (status.ok()) status = batch.put(store);
      if (!puts && status.ok()) status = batch.get(store);
      const Cost cost = made->world->cost_with_volume([&] {
        if (status.ok()) status = puts ? batch.put(store) : batch.get(store);
      });
      record(state, side, cost);
      if (puts && status.ok()) status = batch.get(store);
      return require(state, status) && require(state, made->world->arrived(made->bytes), "other bytes came back");
    };
    if (!turn("ours", *made->many) || !turn("limit", *made->one)) return;
    state.counters["bytes"] = static_cast<double>(made->bytes);
  }
}

void batch_put(benchmark::State& state) { measure_many(state, "batch", kSmallValues, kSmallBytes, true); }
BENCHMARK(batch_put)->UseManualTime()->Iterations(1);
void batch_get(benchmark::State& state) { measure_many(state, "batch", kSmallValues, kSmallBytes, false); }
BENCHMARK(batch_get)->UseManualTime()->Iterations(1);

constexpr uint64_t kTensorBytes = kDictBytes / kDictTensors / 64 * 64;
void dict_put(benchmark::State& state) { measure_many(state, "dict", kDictTensors, kTensorBytes, true); }
BENCHMARK(dict_put)->UseManualTime()->Iterations(1);
void dict_get(benchmark::State& state) { measure_many(state, "dict", kDictTensors, kTensorBytes, false); }
BENCHMARK(dict_get)->UseManualTime()->Iterations(1);

// Clients that each map and copy out a value of theirs, in threads of their own.
struct Crowd {
  std::shared_ptr<StoreWorld> world;
  Stores stores;
  std::vector<HostMemory> targets;
};

Result<std::shared_ptr<Crowd>> open_crowd(size_t clients) {
  auto crowd = std::make_shared<Crowd>();
  Result<std::shared_ptr<StoreWorld>> world = StoreWorld::open(TransportKind::kShm, kGiB, clients * kClientBytes);
  if (!world.ok()) return world.status();
  crowd->world = *std::move(world);
  for (size_t i = 0; i < clients; ++i) {
    if (Status put = crowd->world->put(text("client/", i), kClientBytes); !put.ok()) return put;
    Result<std::shared_ptr<TensorStore>> store = crowd->world->connect(TransportKind::kShm);
    if (!store.ok()) return store.status();
    crowd->stores.push_back(*std::move(store));
    crowd->targets.emplace_back(2 * kMiB, Pages::kSmall);
    crowd->targets.back().populate();
  }
  return crowd;
}

void measure_clients(benchmark::State& state, const std::string& name, size_t clients) {
  auto* const crowd = keep<Crowd>(state, name, [&] { return open_crowd(clients); });
  if (crowd == nullptr) return;
  for (auto _ : state) {
    std::atomic<uint64_t> failures = 0;
    const auto work = [&](size_t client) {
      const std::string key = text("client/", client);
      const std::string_view view = key;
      for (uint64_t i = 0; i < kClientCalls / clients; ++i) {
        Result<std::shared_ptr<Lease>> lease = crowd->stores[client]->acquire({&view, 1});
        const LeaseRead read{.bytes = kClientBytes, .target = crowd->targets[client].data()};
        const bool got = lease.ok() && (*lease)->read({&read, 1}, Deadline::after(std::chrono::minutes(1))).ok();
        if (!got) ++failures;
      }
    };
    record(state, "ours", crowd->world->cost_with_volume([&] {
      std::vector<std::thread> threads;
      for (size_t i = 1; i < clients; ++i) threads.emplace_back(work, i);
      work(0);
      for (std::thread& each : threads) each.join();
    }));
    if (!require(state, failures == 0, "a client got an error")) return;
    record(state, "limit", cost_of([&] {
             for (uint64_t i = 0; i < kClientCalls; ++i) {
               windlass::copy(crowd->targets[0].data(), crowd->world->source().data(), kClientBytes);
             }
           }));
    state.counters["bytes"] = static_cast<double>(kClientCalls * kClientBytes);
  }
}

[[maybe_unused]] const bool registered = [] {
  for (const size_t clients : kClients) {
    const std::string name = text("store_clients_", clients);
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { measure_clients(state, name, clients); })
        ->UseManualTime()
        ->Iterations(1);
  }
  return true;
}();

}  // namespace

}  // namespace windlass::bench
