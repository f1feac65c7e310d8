// RDMA: one-sided WRITE and READ against perftest's, in the same machine and over the same device; and puts of memory
// that nobody has touched, with and without a buffer. Where there is no device nothing is measured: the project's
// virtual machine has one (tests-native/rdma-vm), which is emulated, so that only its ratios mean something.

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "store_world.hpp"
#include "transport/rdma/rdma_ends.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kFewestTransfers = 5;  // perftest takes no fewer
constexpr uint64_t kUntouchedBytes = 64 * kMiB;
constexpr const char* kUntouchedKey = "untouched";

uint64_t transfers_of(uint64_t bytes) { return std::max(moved_bytes() / bytes, kFewestTransfers); }

// Both ends in this process: the link is a call.
class NearLink final : public RdmaLink {
 public:
  NearLink(RdmaPeer& peer, std::shared_ptr<HostMemory> segment) noexcept : peer_(peer), segment_(std::move(segment)) {}

  Result<RdmaEndpoint> connect(const RdmaEndpoint& mine, Deadline /*deadline*/) override { return peer_.connect(mine); }
  Result<std::vector<RdmaPiece>> segment(uint64_t segment, Deadline /*deadline*/) override {
    return peer_.grant(segment, segment_, segment_->data(), segment_->bytes());
  }
  Status disconnect(uint64_t connection, Deadline /*deadline*/) override {
    peer_.disconnect(connection);
    return Status();
  }

 private:
  RdmaPeer& peer_;
  const std::shared_ptr<HostMemory> segment_;
};

struct RdmaPair {
  std::unique_ptr<RdmaPeer> peer;
  std::shared_ptr<RdmaClient> client;
  std::unique_ptr<LentMemory> memory;
  std::unique_ptr<Transport> transport;
};

Result<std::shared_ptr<RdmaPair>> open_pair(uint64_t bytes) {
  auto pair = std::make_shared<RdmaPair>();
  pair->peer = open_rdma_host({})->open_peer();
  Result<std::shared_ptr<RdmaClient>> client = open_rdma_client({});
  if (!client.ok()) return client.status();
  pair->client = *std::move(client);
  Result<std::unique_ptr<LentMemory>> memory = pair->client->lend(bytes);
  if (!memory.ok()) return memory.status();
  pair->memory = *std::move(memory);
  auto segment = std::make_shared<HostMemory>(round_up(bytes, 2 * kMiB), Pages::kHuge);
  segment->populate();
  Result<std::unique_ptr<Transport>> transport = pair->client->open_transport(
      std::make_unique<NearLink>(*pair->peer, std::move(segment)), Deadline::after(std::chrono::minutes(1)));
  if (!transport.ok()) return transport.status();
  pair->transport = *std::move(transport);
  return pair;
}

// What perftest says of as many transfers, as the time that they took. Errors: kLibrary (it is not there, or fails).
Result<Cost> perftest(const char* program, const RdmaPath& path, uint64_t bytes) {
  const std::string common = text(program, " -F -d ", path.device, " -i ", path.port, " -x ", path.gid.index, " -s ",
                                  bytes, " -n ", transfers_of(bytes), " -p 18515");
  // The second connects as soon as the first listens.
  const std::string both = text("(", common, " >/dev/null 2>&1 &) ; for i in $(seq 200); do ", common, " ",
                                path.gid.address(), " 2>/dev/null && break; sleep 0.05; done");
  FILE* const out = popen(both.c_str(), "r");
  if (out == nullptr) return Status::error(Code::kLibrary, "no shell for perftest");
  double mebibytes_per_second = 0;
  std::array<char, 512> line{};
  while (fgets(line.data(), static_cast<int>(line.size()), out) != nullptr) {
    unsigned long long size = 0;
    unsigned long long count = 0;
    double peak = 0;
    double average = 0;
    if (std::sscanf(line.data(), " %llu %llu %lf %lf", &size, &count, &peak, &average) == 4 && size == bytes) {
      mebibytes_per_second = average;
    }
  }
  if (pclose(out) != 0 || mebibytes_per_second <= 0) {
    return Status::error(Code::kLibrary, text(program, " measured nothing; install perftest"));
  }
  const double moved = static_cast<double>(bytes * transfers_of(bytes)) / static_cast<double>(kMiB);
  return Cost{moved / mebibytes_per_second, 0};
}

void write_or_read(benchmark::State& state, const std::string& name, bool writes, uint64_t bytes) {
  const Result<RdmaPath> path = find_rdma_path({});
  if (!require(state, path.status())) return;
  auto* const pair = keep<RdmaPair>(state, name, [&] { return open_pair(bytes); });
  if (pair == nullptr) return;
  const RemoteRange remote{1, 1, 0, bytes};
  // All of a round in one call, so that as many are under way as perftest has.
  const std::vector<WriteMove> out(transfers_of(bytes), WriteMove{pair->memory->address(), remote});
  const std::vector<ReadMove> in(transfers_of(bytes), ReadMove{pair->memory->address(), remote});
  const auto move = [&](uint64_t count) {
    const Deadline deadline = Deadline::after(std::chrono::minutes(10));
    return writes ? pair->transport->write(std::span(out).first(count), deadline)
                  : pair->transport->read(std::span(in).first(count), deadline);
  };
  // The segment is registered, and its keys are known.
  if (!require(state, move(1))) return;
  for (auto _ : state) {
    Status moved;
    record(state, "ours", cost_of([&] { moved = move(transfers_of(bytes)); }));
    if (!require(state, moved)) return;
    state.counters["bytes"] = static_cast<double>(bytes * transfers_of(bytes));
    const Result<Cost> limit = perftest(writes ? "ib_write_bw" : "ib_read_bw", *path, bytes);
    if (!require(state, limit.status())) return;
    record(state, "limit", *limit);
  }
}

struct UntouchedWorld {
  std::shared_ptr<StoreWorld> world;
  std::shared_ptr<TransportBuffer> buffer;
};

Result<std::shared_ptr<UntouchedWorld>> open_untouched() {
  auto made = std::make_shared<UntouchedWorld>();
  Result<std::shared_ptr<StoreWorld>> world = StoreWorld::open(TransportKind::kRdma, 512 * kMiB, kUntouchedBytes);
  if (!world.ok()) return world.status();
  made->world = *std::move(world);
  Result<std::shared_ptr<TransportBuffer>> buffer = made->world->store().open_buffer(kUntouchedBytes);
  if (!buffer.ok()) return buffer.status();
  made->buffer = *std::move(buffer);
  for (int i = 0; i < 3; ++i) {
    if (Status put = made->world->put(kUntouchedKey, kUntouchedBytes, made->buffer); !put.ok()) return put;
  }
  return made;
}

Status put_from(UntouchedWorld& made, const void* data, const std::shared_ptr<TransportBuffer>& buffer) {
  PutItem item;
  item.key = kUntouchedKey;
  item.data = static_cast<const std::byte*>(data);
  item.bytes = kUntouchedBytes;
  item.buffer = buffer;
  return made.world->store().put({&item, 1}).status();
}

// Ours: the buffer's own memory, which is registered. Peer: a put without a buffer, of memory that is touched by it.
void put_untouched(benchmark::State& state) {
  auto* const made = keep<UntouchedWorld>(state, "rdma_put_untouched_64m", open_untouched);
  if (made == nullptr) return;
  for (auto _ : state) {
    const RegistrationStatistics before = made->world->store().info().registrations;
    Status put;
    record(state, "ours", cost_of([&] { put = put_from(*made, nullptr, made->buffer); }));
    const RegistrationStatistics between = made->world->store().info().registrations;
    void* const fresh =
        mmap(nullptr, kUntouchedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!require(state, put) || !require(state, fresh != MAP_FAILED, "no memory")) return;
    record(state, "peer", cost_of([&] { put = put_from(*made, fresh, nullptr); }));
    munmap(fresh, kUntouchedBytes);
    const RegistrationStatistics after = made->world->store().info().registrations;
    state.counters["bytes"] = static_cast<double>(kUntouchedBytes);
    state.counters["ours_registrations"] = static_cast<double>(between.registrations - before.registrations);
    state.counters["peer_registrations"] = static_cast<double>(after.registrations - between.registrations);
    if (!require(state, put)) return;
  }
}

struct TransferSize {
  const char* name;
  uint64_t bytes;
};
constexpr std::array<TransferSize, 3> kTransferSizes = {{{"64k", 64 * kKiB}, {"1m", kMiB}, {"64m", 64 * kMiB}}};

[[maybe_unused]] const bool registered_rdma = [] {
  if (!find_rdma_path({}).ok()) return false;
  for (const bool writes : {true, false}) {
    for (const TransferSize& size : kTransferSizes) {
      const std::string name = text(writes ? "rdma_write_" : "rdma_read_", size.name);
      benchmark::RegisterBenchmark(
          name.c_str(),
          [name, writes, bytes = size.bytes](benchmark::State& state) { write_or_read(state, name, writes, bytes); })
          ->UseManualTime()
          ->Iterations(1);
    }
  }
  benchmark::RegisterBenchmark("rdma_put_untouched_64m", put_untouched)->UseManualTime()->Iterations(1);
  return true;
}();

}  // namespace

}  // namespace windlass::bench
