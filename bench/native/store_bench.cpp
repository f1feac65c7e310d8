// Items 5 and 6: putting and getting one value over shared memory and over TCP, from 4 KiB to 1 GiB. The volume is in a
// process of its own.
//
// A value that is small is put and got often in a round: what is measured is 64 MiB, or 256 calls where that is less.
// The target is written before each side, outside the clock, so that the caches are alike for all.

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "iperf_peer.hpp"
#include "memory/copy.hpp"
#include "socket_limit.hpp"
#include "store_world.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kRoundBytes = 64 * kMiB;
constexpr uint64_t kMostCalls = 256;
constexpr uint32_t kLanes = 4;                   // as many as a store opens
constexpr uint64_t kOneLaneBytes = 2 * kMiB;     // what goes over one lane, as it is no more than a slice
constexpr uint64_t kLeastPeerBytes = 64 * kMiB;  // iperf3 measures a stream
constexpr const char* kKey = "weights/layer.0";

struct Setting {
  std::string name;
  TransportKind kind;
  bool puts;
  uint64_t bytes;
};

uint64_t calls_of(uint64_t bytes) { return std::clamp(kRoundBytes / bytes, uint64_t{1}, kMostCalls); }

// Shared memory as segments are made of, in the pages that the system gives for it, all of them there.
class SharedPages {
 public:
  explicit SharedPages(uint64_t bytes) noexcept
      : bytes_(bytes), address_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (!there()) return;
    madvise(address_, bytes_, MADV_HUGEPAGE);
    std::memset(address_, 1, bytes_);
  }
  ~SharedPages() {
    if (there()) munmap(address_, bytes_);
  }
  SharedPages(const SharedPages&) = delete;
  SharedPages& operator=(const SharedPages&) = delete;

  bool there() const noexcept { return address_ != MAP_FAILED; }
  void* data() const noexcept { return address_; }

 private:
  const uint64_t bytes_;
  void* const address_;
};

// The store, and what it is compared with.
struct Contest {
  std::shared_ptr<StoreWorld> world;
  std::shared_ptr<TransportBuffer> buffer;
  std::unique_ptr<SocketLimit> sockets;  // over TCP
  std::unique_ptr<SharedPages> shared;   // over shared memory
};

Result<std::shared_ptr<Contest>> open_contest(const Setting& setting) {
  auto contest = std::make_shared<Contest>();
  // Before there are threads, as it forks.
  if (setting.kind == TransportKind::kTcp) {
    Result<std::unique_ptr<SocketLimit>> sockets =
        SocketLimit::start(setting.bytes > kOneLaneBytes ? kLanes : 1, setting.bytes);
    if (!sockets.ok()) return sockets.status();
    contest->sockets = *std::move(sockets);
  }
  if (setting.kind == TransportKind::kShm) {
    contest->shared = std::make_unique<SharedPages>(setting.bytes);
    if (!contest->shared->there()) return Status::error(Code::kNoMemory, "no shared memory for the limit");
  }
  Result<std::shared_ptr<StoreWorld>> world =
      StoreWorld::open(setting.kind, 4 * setting.bytes + 512 * kMiB, setting.bytes);
  if (!world.ok()) return world.status();
  contest->world = *std::move(world);
  Result<std::shared_ptr<TransportBuffer>> buffer = contest->world->store().open_buffer(setting.bytes);
  if (!buffer.ok()) return buffer.status();
  contest->buffer = *std::move(buffer);
  // Both rooms that take turns under the key are there.
  for (int i = 0; i < 3; ++i) {
    if (Status put = contest->world->put(kKey, setting.bytes, contest->buffer); !put.ok()) return put;
  }
  if (Status got = contest->world->get(kKey); !got.ok()) return got;
  return contest;
}

// Does it as often as a round has calls. The first failure ends it.
template <typename Call>
Status repeat(uint64_t bytes, Call&& call) {
  Status status;
  for (uint64_t i = calls_of(bytes); i > 0 && status.ok(); --i) status = call();
  return status;
}

bool measure_ours(benchmark::State& state, const Setting& setting, Contest& contest) {
  Status status;
  const StoreWorld& world = *contest.world;
  std::memset(world.target().data(), 0, setting.bytes);
  record(state, "ours", world.cost_with_volume([&] {
    status = repeat(setting.bytes,
                    [&] { return setting.puts ? world.put(kKey, setting.bytes, contest.buffer) : world.get(kKey); });
  }));
  state.counters["bytes"] = static_cast<double>(setting.bytes * calls_of(setting.bytes));
  if (status.ok() && setting.puts) status = world.get(kKey);
  return require(state, status) && require(state, world.arrived(setting.bytes), "other bytes came back");
}

bool measure_copies(benchmark::State& state, const Setting& setting, const Contest& contest) {
  const StoreWorld& world = *contest.world;
  std::byte* const target = world.target().data();
  const std::byte* const source = world.source().data();
  void* const shared = contest.shared->data();
  const auto repeated = [&](auto&& move) {
    std::memset(target, 0, setting.bytes);
    return cost_of([&] { (void)repeat(setting.bytes, [&] { return move(), Status(); }); });
  };
  record(state, "limit", repeated([&] { windlass::copy(target, source, setting.bytes); }));
  // The same as ours, with nothing around it: one side of the copy is shared memory.
  record(state, "shared_limit", repeated([&] {
           windlass::copy(setting.puts ? shared : target, setting.puts ? source : shared, setting.bytes);
         }));
  record(state, "peer", repeated([&] { std::memcpy(target, source, setting.bytes); }));
  // As if the source were another process's.
  const iovec here{target, setting.bytes};
  const iovec there{world.source().data(), setting.bytes};
  bool read = true;
  record(state, "process_vm_readv", repeated([&] {
           uint64_t done = 0;
           while (read && done < setting.bytes) {
             const iovec to{static_cast<std::byte*>(here.iov_base) + done, setting.bytes - done};
             const iovec from{static_cast<std::byte*>(there.iov_base) + done, setting.bytes - done};
             const ssize_t count = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
             read = count > 0;
             done += static_cast<uint64_t>(std::max<ssize_t>(count, 0));
           }
         }));
  return require(state, read, "process_vm_readv failed");
}

bool measure_sockets(benchmark::State& state, const Setting& setting, const Contest& contest) {
  Status status;
  std::memset(contest.world->target().data(), 0, setting.bytes);
  const double before = contest.sockets->cpu_seconds();
  Cost cost = cost_of([&] {
    status = repeat(setting.bytes, [&] {
      return setting.puts ? contest.sockets->send(contest.world->source().data(), setting.bytes)
                          : contest.sockets->receive(contest.world->target().data(), setting.bytes);
    });
  });
  cost.cpu_seconds += contest.sockets->cpu_seconds() - before;
  record(state, "limit", cost);
  if (setting.bytes >= kLeastPeerBytes) {
    if (const std::optional<Cost> iperf = run_iperf(kLanes, setting.bytes)) record(state, "peer", *iperf);
  }
  return require(state, status);
}

void put_or_get(benchmark::State& state, const Setting& setting) {
  auto* const contest = keep<Contest>(state, setting.name, [&] { return open_contest(setting); });
  if (contest == nullptr) return;
  for (auto _ : state) {
    if (!measure_ours(state, setting, *contest)) return;
    const bool measured = contest->sockets != nullptr ? measure_sockets(state, setting, *contest)
                                                      : measure_copies(state, setting, *contest);
    if (!measured) return;
  }
}

struct Size {
  const char* name;
  uint64_t bytes;
};
constexpr std::array<Size, 4> kSizes = {{{"4k", 4 * kKiB}, {"1m", kMiB}, {"64m", 64 * kMiB}, {"1g", kGiB}}};

[[maybe_unused]] const bool registered = [] {
  for (const TransportKind kind : {TransportKind::kShm, TransportKind::kTcp}) {
    for (const bool puts : {true, false}) {
      for (const Size& size : kSizes) {
        const std::string name = text("store_", puts ? "put_" : "get_", transport_name(kind), "_", size.name);
        const Setting setting{name, kind, puts, size.bytes};
        benchmark::RegisterBenchmark(name.c_str(), [setting](benchmark::State& state) { put_or_get(state, setting); })
            ->UseManualTime()
            ->Iterations(1);
      }
    }
  }
  return true;
}();

}  // namespace

}  // namespace windlass::bench
