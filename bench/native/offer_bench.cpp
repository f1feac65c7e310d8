// Direct sync: pulling one value of 64 MiB and 1 GiB out of the memory of the process that offers it, against a put
// and a get through a volume between, and against what moves bytes bare: a copy in memory, or loops over sockets.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "memory/copy.hpp"
#include "offering_process.hpp"
#include "socket_limit.hpp"
#include "store_world.hpp"

namespace windlass::bench {

namespace {

constexpr const char* kKey = "weights/layer.0";
constexpr uint32_t kLanes = 4;  // as many as a store opens

struct Setting {
  std::string name;
  TransportKind kind;
  uint64_t bytes;
};

struct Contest {
  std::unique_ptr<OfferingProcess> writer;
  std::unique_ptr<SocketLimit> sockets;  // over TCP
  std::shared_ptr<TensorStore> reader;
  HostMemory target;
  std::shared_ptr<PullPlan> plan;
  std::shared_ptr<StoreWorld> world;  // with the volume between
  std::shared_ptr<TransportBuffer> buffer;
};

Status open_reader(const Setting& setting, Contest& contest) {
  StoreOptions options;
  options.transport = setting.kind;
  Result<std::shared_ptr<TensorStore>> reader = TensorStore::open(
      setting.kind == TransportKind::kTcp ? contest.writer->tcp_uri() : contest.writer->shm_uri(), options);
  if (!reader.ok()) return reader.status();
  contest.reader = *std::move(reader);
  contest.target = HostMemory(setting.bytes, Pages::kSmall);
  contest.target.populate();
  PullTarget target;
  target.key = kKey;
  target.target = contest.target.data();
  target.bytes = setting.bytes;
  Result<std::shared_ptr<PullPlan>> plan = contest.reader->plan({&target, 1});
  if (!plan.ok()) return plan.status();
  contest.plan = *std::move(plan);
  return contest.plan->pull().status();
}

Result<std::shared_ptr<Contest>> open_contest(const Setting& setting) {
  auto contest = std::make_shared<Contest>();
  // Before there are threads, as both fork.
  Result<std::unique_ptr<OfferingProcess>> writer = OfferingProcess::start(kKey, setting.bytes);
  if (!writer.ok()) return writer.status();
  contest->writer = *std::move(writer);
  if (setting.kind == TransportKind::kTcp) {
    Result<std::unique_ptr<SocketLimit>> sockets = SocketLimit::start(kLanes, setting.bytes);
    if (!sockets.ok()) return sockets.status();
    contest->sockets = *std::move(sockets);
  }
  if (Status opened = open_reader(setting, *contest); !opened.ok()) return opened;
  Result<std::shared_ptr<StoreWorld>> world =
      StoreWorld::open(setting.kind, 3 * setting.bytes + 512 * kMiB, setting.bytes);
  if (!world.ok()) return world.status();
  contest->world = *std::move(world);
  Result<std::shared_ptr<TransportBuffer>> buffer = contest->world->store().open_buffer(setting.bytes);
  if (!buffer.ok()) return buffer.status();
  contest->buffer = *std::move(buffer);
  for (int i = 0; i < 3; ++i) {
    if (Status put = contest->world->put(kKey, setting.bytes, contest->buffer); !put.ok()) return put;
  }
  if (Status got = contest->world->get(kKey); !got.ok()) return got;
  return contest;
}

bool measure(benchmark::State& state, const Setting& setting, Contest& contest) {
  Status status;
  std::byte* const target = contest.target.data();
  std::memset(target, 0, setting.bytes);
  const double before = contest.writer->cpu_seconds();
  Cost ours = cost_of([&] { status = contest.plan->pull().status(); });
  ours.cpu_seconds += contest.writer->cpu_seconds() - before;
  record(state, "ours", ours);
  state.counters["bytes"] = static_cast<double>(setting.bytes);
  if (!require(state, status)) return false;
  const auto right = static_cast<uint64_t>(std::count(target, target + setting.bytes, OfferingProcess::kByte));
  if (!require(state, right == setting.bytes, "other bytes came")) return false;
  record(state, "put_and_get", contest.world->cost_with_volume([&] {
    status = contest.world->put(kKey, setting.bytes, contest.buffer);
    if (status.ok()) status = contest.world->get(kKey);
  }));
  if (!require(state, status)) return false;
  if (contest.sockets == nullptr) {
    record(state, "limit", cost_of([&] { windlass::copy(target, contest.world->source().data(), setting.bytes); }));
    return true;
  }
  const double sent = contest.sockets->cpu_seconds();
  Cost limit = cost_of([&] { status = contest.sockets->receive(target, setting.bytes); });
  limit.cpu_seconds += contest.sockets->cpu_seconds() - sent;
  record(state, "limit", limit);
  return require(state, status);
}

void pull(benchmark::State& state, const Setting& setting) {
  auto* const contest = keep<Contest>(state, setting.name, [&] { return open_contest(setting); });
  if (contest == nullptr) return;
  for (auto _ : state) {
    if (!measure(state, setting, *contest)) return;
  }
}

[[maybe_unused]] const bool registered = [] {
  for (const TransportKind kind : {TransportKind::kShm, TransportKind::kTcp}) {
    for (const uint64_t bytes : {64 * kMiB, kGiB}) {
      const std::string name = text("offer_pull_", transport_name(kind), bytes == kGiB ? "_1g" : "_64m");
      const Setting setting{name, kind, bytes};
      benchmark::RegisterBenchmark(name.c_str(), [setting](benchmark::State& state) { pull(state, setting); })
          ->UseManualTime()
          ->Iterations(1);
    }
  }
  return true;
}();

}  // namespace

}  // namespace windlass::bench
