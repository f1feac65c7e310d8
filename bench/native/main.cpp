// Runs the native benchmarks. Takes google-benchmark's options, and --moved_mib=<n> for how much each side moves.
// Nine rounds unless --benchmark_repetitions says otherwise.

#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "memory/copy.hpp"
#include "memory/machine_memory.hpp"

namespace {

// Takes our option out of the arguments. Returns whether it was one and is in order.
bool take_option(std::string_view argument) {
  constexpr std::string_view kOption = "--moved_mib=";
  if (!argument.starts_with(kOption)) return false;
  uint64_t mebibytes = 0;
  const char* const end = argument.data() + argument.size();
  const auto [stop, error] = std::from_chars(argument.data() + kOption.size(), end, mebibytes);
  if (error != std::errc() || stop != end || mebibytes == 0 || mebibytes % 2 != 0) return false;
  windlass::bench::set_moved_bytes(mebibytes * windlass::kMiB);
  return true;
}

// The most that a benchmark has at once is six times what a side moves. Returns whether there is that much.
bool warm_up() {
  const uint64_t bytes = 8 * windlass::bench::moved_bytes();
  const windlass::Status enough = windlass::check_machine_memory(bytes, "windlass_bench");
  if (enough.ok()) {
    windlass::bench::warm_up_machine(bytes);
  } else {
    std::fprintf(stderr, "%s\n", enough.to_string().c_str());
  }
  return enough.ok();
}

}  // namespace

int main(int argc, char** argv) {
  char rounds[] = "--benchmark_repetitions=9";
  std::vector<char*> arguments = {argv[0], rounds};
  for (int i = 1; i < argc; ++i) {
    if (!take_option(argv[i])) arguments.push_back(argv[i]);
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  benchmark::AddCustomContext("copy_kernel", std::string(windlass::copy_kernels().front().name));
  benchmark::AddCustomContext("moved_bytes", std::to_string(windlass::bench::moved_bytes()));
  if (!warm_up()) return 1;
  benchmark::RunSpecifiedBenchmarks();
  windlass::bench::kept() = {};
  benchmark::Shutdown();
  return 0;
}
