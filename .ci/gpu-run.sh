#!/usr/bin/env bash
# Runs the packed tests or benchmarks on this machine's GPU: `run test`, `run bench`.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)

windlass() {
  "$here/jre/bin/java" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -cp "$here/lib/*" dev.windlass.cli.Main "$@"
}

# What is to be run can only be told by its absence where there is no GPU: so look first, and say why there is none.
require_gpu() {
  windlass devices --cuda || {
    printf '%s\n' "No GPU can be used here, so nothing was run. The line above says why." >&2
    exit 1
  }
}

# The suites that are not about the fake driver itself, over the real one. What the driver library is called can be
# changed, to try the pack itself.
run_tests() {
  local library=${WINDLASS_TEST_CUDA_LIBRARY:-libcuda.so.1}
  WINDLASS_TEST_CUDA_LIBRARY=$library "$here/bin/windlass_tests" --gtest_brief=1 \
    --gtest_filter='*Contract.*cuda*'
  windlass demo --device cuda
}

run_benchmarks() {
  "$here/bin/windlass_bench" --benchmark_filter='^gpu' --benchmark_counters_tabular=true
}

# One call after the other, not joined: what fails in a function after && would not end the script.
case ${1:-} in
  test)
    require_gpu
    run_tests
    ;;
  bench)
    require_gpu
    run_benchmarks
    ;;
  *)
    printf '%s\n' "Usage: run test|bench" >&2
    exit 2
    ;;
esac
