// Items 1 to 3: pausing and resuming a region of the emulated device.
//
// Everything is populated before the clock starts, but for what is itself the work: fresh device memory in a resume,
// and the peer's fresh host memory. Whoever takes fresh memory finds it warmed up. Contents are verified after every
// round, outside the clock.

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "allocating_peer.hpp"
#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "device/emulated/emulated_device.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "memory/copy.hpp"
#include "memory/page_pool.hpp"
#include "region/region.hpp"

namespace windlass::bench {

namespace {

// What a framework's allocator asks for at once; the region's chunks are as large.
constexpr uint64_t kAllocationBytes = 64 * kMiB;

// A filled region, and what its content hashes to.
struct Subject {
  std::shared_ptr<Region> region;
  Hash128 wanted;

  std::span<std::byte> content() const {
    return {reinterpret_cast<std::byte*>(region->info().address), region->info().size_bytes};
  }
  bool intact() const { return reference_hash(content()) == wanted; }
};

Result<Subject> open_subject(std::unique_ptr<Backup> backup) {
  Result<std::shared_ptr<EmulatedDevice>> device = EmulatedDevice::open({});
  if (!device.ok()) return device.status();
  Result<std::shared_ptr<Region>> region =
      Region::open(*device, moved_bytes(), std::move(backup), {.chunk_bytes = kAllocationBytes});
  if (!region.ok()) return region.status();
  Subject subject{*region, {}};
  fill(subject.content(), 1);
  subject.wanted = reference_hash(subject.content());
  return subject;
}

std::unique_ptr<Backup> retained_backup() {
  return std::make_unique<HostBackup>(HostBackupOptions{.retain = true, .verify = false});
}

std::unique_ptr<Backup> no_backup() { return std::make_unique<NoBackup>(); }

Result<std::unique_ptr<Backup>> pooled_backup() {
  Result<std::shared_ptr<PagePool>> pool = PagePool::open({});
  if (!pool.ok()) return pool.status();
  if (Status prepared = (*pool)->prepare(moved_bytes()); !prepared.ok()) return prepared;
  return std::unique_ptr<Backup>(std::make_unique<HostBackup>(*std::move(pool), HostBackupOptions{}));
}

// Two populated buffers and a copy between them: the limit of whatever moves bytes.
class CopyLimit {
 public:
  CopyLimit() : source_(moved_bytes(), Pages::kHuge), target_(moved_bytes(), Pages::kHuge) {
    source_.populate();
    target_.populate();
    fill({source_.data(), source_.bytes()}, 2);
    (void)cost();
  }
  Cost cost() {
    return cost_of([this] { windlass::copy(target_.data(), source_.data(), source_.bytes()); });
  }

 private:
  HostMemory source_;
  HostMemory target_;
};

// What the peer's two ways cost.
struct PeerCosts {
  Cost pause;
  Cost resume;
};

PeerCosts costs_of(AllocatingPeer& peer) {
  warm_up_machine(moved_bytes());
  const Cost pause = cost_of([&peer] { peer.pause(); });
  warm_up_machine(moved_bytes());
  return {pause, cost_of([&peer] { peer.resume(); })};
}

Cost populate_cost() {
  warm_up_machine(moved_bytes());
  HostMemory fresh(moved_bytes(), Pages::kHuge);
  return cost_of([&fresh] { fresh.populate(); });
}

// Everybody who takes part in a round.
struct Contest {
  Subject subject;
  CopyLimit limit;
  AllocatingPeer peer;
  std::optional<AllocatingPeer> peer_with_huge_pages;

  Contest(Subject ours, bool peer_keeps)
      : subject(std::move(ours)),
        peer(moved_bytes(), kAllocationBytes, peer_keeps, peer_keeps ? Pages::kHuge : Pages::kSmall) {}

  Cost pause(Status& failure) {
    return cost_of([&] { failure = subject.region->pause().status(); });
  }
  Cost resume(Status& failure) {
    warm_up_machine(moved_bytes());
    return cost_of([&] { failure = subject.region->resume().status(); });
  }
};

// Opens a contest in which everybody has paused and resumed once: what is retained has its memory from then on.
Result<std::shared_ptr<Contest>> open_contest(Result<std::unique_ptr<Backup>> backup, bool peer_keeps) {
  if (!backup.ok()) return backup.status();
  Result<Subject> subject = open_subject(*std::move(backup));
  if (!subject.ok()) return subject.status();
  auto contest = std::make_shared<Contest>(*std::move(subject), peer_keeps);
  Status failure;
  (void)contest->pause(failure);
  if (failure.ok()) (void)contest->resume(failure);
  if (!failure.ok()) return failure;
  (void)costs_of(contest->peer);
  return contest;
}

// The peer's fresh memory comes in small pages, as an allocation gets it; with huge ones it does better.
Result<std::shared_ptr<Contest>> open_pooled_contest() {
  Result<std::shared_ptr<Contest>> contest = open_contest(pooled_backup(), false);
  if (contest.ok()) (*contest)->peer_with_huge_pages.emplace(moved_bytes(), kAllocationBytes, false, Pages::kHuge);
  return contest;
}

void measure_pause(benchmark::State& state, Contest* contest) {
  if (contest == nullptr) return;
  for (auto _ : state) {
    Status failure;
    record(state, "ours", contest->pause(failure));
    if (!require(state, failure)) return;
    record(state, "limit", contest->limit.cost());
    record(state, "peer", costs_of(contest->peer).pause);
    if (contest->peer_with_huge_pages) {
      record(state, "peer_with_huge_pages", costs_of(*contest->peer_with_huge_pages).pause);
    }
    (void)contest->resume(failure);
    if (!require(state, failure) || !require(state, contest->subject.intact(), "the region came back changed")) return;
  }
}

void pause_retained(benchmark::State& state) {
  measure_pause(state, keep<Contest>(state, "pause_retained", [] { return open_contest(retained_backup(), true); }));
}
BENCHMARK(pause_retained)->UseManualTime()->Iterations(1);

void pause_pooled(benchmark::State& state) {
  measure_pause(state, keep<Contest>(state, "pause_pooled", open_pooled_contest));
}
BENCHMARK(pause_pooled)->UseManualTime()->Iterations(1);

void resume_fresh(benchmark::State& state) {
  auto* const contest = keep<Contest>(state, "resume_fresh", [] { return open_contest(retained_backup(), false); });
  if (contest == nullptr) return;
  for (auto _ : state) {
    Status failure;
    (void)contest->pause(failure);
    if (!require(state, failure)) return;
    record(state, "ours", contest->resume(failure));
    if (!require(state, failure) || !require(state, contest->subject.intact(), "the region came back changed")) return;
    const Cost populate = populate_cost();
    const Cost copying = contest->limit.cost();
    record(state, "limit", populate + copying);
    record(state, "populate", populate);
    record(state, "copy", copying);
    record(state, "peer", costs_of(contest->peer).resume);
  }
}
BENCHMARK(resume_fresh)->UseManualTime()->Iterations(1);

void pause_discarding(benchmark::State& state) {
  auto* const contest = keep<Contest>(state, "pause_discarding", [] { return open_contest(no_backup(), false); });
  if (contest == nullptr) return;
  for (auto _ : state) {
    fill(contest->subject.content(), 3);
    Status failure;
    record(state, "ours", contest->pause(failure));
    if (!require(state, failure)) return;
    HostMemory equal(moved_bytes(), Pages::kHuge);
    equal.populate();
    fill({equal.data(), equal.bytes()}, 3);
    record(state, "limit", cost_of([&equal] { equal.unmap(); }));
    record(state, "peer", costs_of(contest->peer).pause);
    (void)contest->resume(failure);
    if (!require(state, failure)) return;
  }
}
BENCHMARK(pause_discarding)->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
