// What a benchmark measures: the cost of each of its sides, taken one after the other in every round.
//
// A benchmark here is one item of the table in bench/README.md. Each of its iterations is a round: ours, the physical
// limit and the peer, in turn, each timed on its own. The counters of a round are <side>_s (wall time) and <side>_cpu_s
// (processor time of the whole process).
#pragma once

#include <benchmark/benchmark.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/status.hpp"

namespace windlass::bench {

struct Cost {
  double seconds = 0;
  double cpu_seconds = 0;
};

Cost operator+(Cost a, Cost b) noexcept;

// The time since the clocks began, in both meanings.
Cost clocks_now() noexcept;

// Processor time that this process has used so far (RUSAGE_SELF), or those that it waited for (RUSAGE_CHILDREN).
double cpu_seconds_of(int who) noexcept;

// Processor time that another process has used so far.
double process_cpu_seconds(pid_t process) noexcept;

template <typename Work>
Cost cost_of(Work&& work) {
  const Cost before = clocks_now();
  work();
  const Cost after = clocks_now();
  return {after.seconds - before.seconds, after.cpu_seconds - before.cpu_seconds};
}

// Adds a side's cost to the round; that of "ours" is the benchmark's own time.
void record(benchmark::State& state, const std::string& side, Cost cost);

// Ends the benchmark with the reason, unless the status is OK. Returns whether it is.
bool require(benchmark::State& state, const Status& status);
bool require(benchmark::State& state, bool fact, const char* otherwise);

// What a benchmark needs in every round. It is made in the first one and dropped when another benchmark begins: getting
// and filling memory takes far longer than what is measured.
struct Kept {
  std::string name;
  std::shared_ptr<void> fixture;
};
Kept& kept() noexcept;

// The fixture of this name, made if need be; null, with the benchmark ended, where it cannot be.
template <typename Fixture, typename Make>
Fixture* keep(benchmark::State& state, const std::string& name, Make&& make) {
  if (kept().name != name || kept().fixture == nullptr) {
    kept() = {};
    Result<std::shared_ptr<Fixture>> made = make();
    if (!require(state, made.status())) return nullptr;
    kept() = {name, *std::move(made)};
  }
  return static_cast<Fixture*>(kept().fixture.get());
}

// Where benchmarks have their files: WINDLASS_BENCH_DIRECTORY, or /var/tmp, as /tmp is often in memory.
std::string bench_directory();

// How many bytes each side moves: 512 MiB, or eight times the last-level cache where that is more; or what was set.
uint64_t moved_bytes() noexcept;
void set_moved_bytes(uint64_t bytes) noexcept;

}  // namespace windlass::bench
