#include "measure.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "base/bytes.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kUsualBytes = 512 * kMiB;

uint64_t g_moved_bytes = 0;

double seconds_of(const timeval& time) noexcept {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// As lscpu shows it: what the processor says of itself may be the cache of a host that we have only a part of.
uint64_t last_level_cache_bytes() {
  uint64_t kibibytes = 0;
  std::ifstream("/sys/devices/system/cpu/cpu0/cache/index3/size") >> kibibytes;
  return round_up(kibibytes * kKiB, 2 * kMiB);
}

}  // namespace

Cost operator+(Cost a, Cost b) noexcept { return {a.seconds + b.seconds, a.cpu_seconds + b.cpu_seconds}; }

Cost clocks_now() noexcept {
  const std::chrono::duration<double> now = std::chrono::steady_clock::now().time_since_epoch();
  return {now.count(), cpu_seconds_of(RUSAGE_SELF)};
}

double cpu_seconds_of(int who) noexcept {
  rusage usage{};
  getrusage(who, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double process_cpu_seconds(pid_t process) noexcept {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void record(benchmark::State& state, const std::string& side, Cost cost) {
  state.counters[side + "_s"] = cost.seconds;
  state.counters[side + "_cpu_s"] = cost.cpu_seconds;
  if (side == "ours") {
    state.SetIterationTime(cost.seconds);
    state.counters["bytes"] = static_cast<double>(moved_bytes());
  }
}

bool require(benchmark::State& state, const Status& status) {
  if (!status.ok()) state.SkipWithError(status.to_string().c_str());
  return status.ok();
}

bool require(benchmark::State& state, bool fact, const char* otherwise) {
  if (!fact) state.SkipWithError(otherwise);
  return fact;
}

Kept& kept() noexcept {
  static Kept kept;
  return kept;
}

std::string bench_directory() {
  const char* const named = std::getenv("WINDLASS_BENCH_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): only read
  return named != nullptr ? named : "/var/tmp";
}

uint64_t moved_bytes() noexcept {
  if (g_moved_bytes != 0) return g_moved_bytes;
  return std::max(kUsualBytes, 8 * last_level_cache_bytes());
}

void set_moved_bytes(uint64_t bytes) noexcept { g_moved_bytes = bytes; }

}  // namespace windlass::bench
