// Pausing and resuming on a GPU, against the driver's own copies between the same device memory and pinned pages.
//
// Run by name, on a machine with a GPU: --benchmark_filter='^gpu'. The counters say it all, as no table is made of
// them: GB/s, ours over the limit (1 is as fast), and without a backup milliseconds per GiB.

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "gpu_contest.hpp"
#include "measure.hpp"

namespace windlass::bench {

namespace {

// One way of a side: what "pause" or "limit_resume" names.
void record_rate(benchmark::State& state, const std::string& name, const Cost& cost, double bytes) {
  state.counters[name + "_GB/s"] = bytes * 1e-9 / cost.seconds;
  state.counters[name + "_cpu_s/GB"] = cost.cpu_seconds / (bytes * 1e-9);
}

void record_ours(benchmark::State& state, const GpuContest& contest, const BothCosts& ours) {
  const auto bytes = static_cast<double>(contest.bytes());
  const double gibibytes = bytes / static_cast<double>(kGiB);
  state.SetIterationTime(ours.pause.seconds + ours.resume.seconds);
  state.counters["GiB"] = gibibytes;
  state.counters["regions"] = static_cast<double>(contest.regions());
  if (contest.keeps_bytes()) {
    record_rate(state, "pause", ours.pause, bytes);
    record_rate(state, "resume", ours.resume, bytes);
  } else {
    state.counters["pause_ms/GiB"] = ours.pause.seconds * 1e3 / gibibytes;
    state.counters["resume_ms/GiB"] = ours.resume.seconds * 1e3 / gibibytes;
  }
}

// Another side, and how many times as fast ours was.
void record_other(benchmark::State& state, const GpuContest& contest, const std::string& side, const BothCosts& other,
                  const BothCosts& ours) {
  const auto bytes = static_cast<double>(contest.bytes());
  record_rate(state, side + "_pause", other.pause, bytes);
  record_rate(state, side + "_resume", other.resume, bytes);
  state.counters["pause_over_" + side] = other.pause.seconds / ours.pause.seconds;
  state.counters["resume_over_" + side] = other.resume.seconds / ours.resume.seconds;
}

bool measure_others(benchmark::State& state, GpuContest& contest, const BothCosts& ours) {
  BothCosts costs;
  if (!require(state, contest.limit(costs))) return false;
  record_other(state, contest, "limit", costs, ours);
  if (!contest.has_peer()) return true;
  if (!require(state, contest.peer(costs))) return false;
  record_other(state, contest, "peer", costs, ours);
  return true;
}

void measure(benchmark::State& state, const std::string& name, const GpuSetup& setup) {
  auto* const contest = keep<GpuContest>(state, name, [&] { return GpuContest::open(setup); });
  if (contest == nullptr) return;
  state.SetLabel(contest->machine());
  for (auto _ : state) {
    if (!contest->keeps_bytes() && !require(state, contest->fill_content())) return;
    BothCosts ours;
    if (!require(state, contest->pause_and_resume(ours))) return;
    record_ours(state, *contest, ours);
    if (contest->keeps_bytes() && !measure_others(state, *contest, ours)) return;
    if (!require(state, contest->check())) return;
  }
}

void gpu_pooled(benchmark::State& state) { measure(state, "gpu_pooled", {.with_peer = true}); }
BENCHMARK(gpu_pooled)->UseManualTime()->Iterations(1);

void gpu_pageable(benchmark::State& state) { measure(state, "gpu_pageable", {.backup = GpuBackup::kPageable}); }
BENCHMARK(gpu_pageable)->UseManualTime()->Iterations(1);

void gpu_pageable_retained(benchmark::State& state) {
  measure(state, "gpu_pageable_retained", {.backup = GpuBackup::kPageableRetained});
}
BENCHMARK(gpu_pageable_retained)->UseManualTime()->Iterations(1);

void gpu_discarding(benchmark::State& state) { measure(state, "gpu_discarding", {.backup = GpuBackup::kNone}); }
BENCHMARK(gpu_discarding)->UseManualTime()->Iterations(1);

void gpu_chunks(benchmark::State& state) {
  const auto mebibytes = static_cast<uint64_t>(state.range(0));
  measure(state, text("gpu_chunks/", mebibytes), {.chunk_bytes = mebibytes * kMiB});
}
BENCHMARK(gpu_chunks)->ArgName("mib")->Arg(64)->Arg(128)->Arg(256)->Arg(512)->UseManualTime()->Iterations(1);

void gpu_regions(benchmark::State& state) {
  const auto count = static_cast<uint64_t>(state.range(0));
  measure(state, text("gpu_regions/", count), {.regions = count});
}
BENCHMARK(gpu_regions)->ArgName("count")->Arg(1)->Arg(100)->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
