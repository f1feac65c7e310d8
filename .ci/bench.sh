# shellcheck shell=bash
# `./windlass bench`. Sourced by ../windlass, whose functions it uses.
# shellcheck disable=SC2154 # root, build and logs are the script's.

run_bench() {
  # shellcheck disable=SC2034 # build_native uses it.
  local -a launcher=(env)
  require_jdk
  lock_build
  require build bench rdma
  say "building the benchmarks"
  logged "$logs/bench-build.log" build_native "$build/bench-native" -DWINDLASS_TESTS=OFF -DWINDLASS_BENCH=ON ||
    stop "the native benchmarks do not build."
  logged "$logs/bench-java.log" maven package -pl bench/java -am -DskipTests -Dwindlass.native.skipTests=true \
    "$(native_tests_option)" || stop "the Java benchmarks do not build."
  flock -u 9
  mkdir -p "$build/bench"
  # JMH uses what JDK 25 warns of.
  exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -cp "$root/bench/java/target/classes:$(<"$root/bench/java/target/classpath.txt")" \
    dev.windlass.bench.Report --native "$(built_file windlass_bench)" --jni "$(built_file libwindlass_jni_nop.so)" \
    --json "$build/bench/results.json" "$@" 9>&-
}

built_file() {
  find "$build/bench-native" -type f -name "$1" -print -quit
}
