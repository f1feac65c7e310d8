# shellcheck shell=bash
# `./windlass test|bench|pack --gpu`. Sourced by ../windlass, whose functions it uses.
#
# The pack is a folder, and an archive of it, that needs nothing on the machine it is carried to but x86-64 Linux and
# the CUDA driver: the native tests and benchmarks with the libraries of C++ linked in, a Java run time made by jlink,
# the jars, and a script. `test --gpu` and `bench --gpu` make the folder and run it here.
# shellcheck disable=SC2154 # root, build and logs are the script's.

readonly gpu_folder=$build/gpu-pack
readonly gpu_archive=$build/windlass-gpu-pack.tar.xz
readonly gpu_limit_mib=60

gpu_test() { run_gpu_pack test; }
gpu_bench() { run_gpu_pack bench; }

run_gpu_pack() {
  make_gpu_pack
  exec "$gpu_folder/run" "$1" 9>&-
}

gpu_pack() {
  local bytes
  make_gpu_pack
  rm -f "$gpu_archive"
  XZ_OPT=-T0 tar -C "$build" -cJf "$gpu_archive" gpu-pack || stop "the archive cannot be written to $build."
  bytes=$(stat -c %s "$gpu_archive")
  ((bytes < gpu_limit_mib << 20)) || stop "$gpu_archive has $((bytes >> 20)) MiB, more than $gpu_limit_mib."
  printf '%s\n' "$gpu_archive: $((bytes >> 20)) MiB. Unpack it on a machine with a GPU, and there:" \
    "  gpu-pack/run test" "  gpu-pack/run bench"
}

make_gpu_pack() {
  # shellcheck disable=SC2034 # build_native uses it.
  local -a launcher=(env)
  require_jdk
  lock_build
  require build test bench
  say "building the pack for GPUs"
  logged "$logs/gpu-build.log" build_native "$build/gpu-native" -DWINDLASS_TESTS=ON -DWINDLASS_BENCH=ON \
    -DCMAKE_EXE_LINKER_FLAGS="-static-libstdc++ -static-libgcc" || stop "the tests for GPUs do not build."
  logged "$logs/gpu-java.log" maven package -pl java/windlass-cli -am -DskipTests -Dwindlass.native.skipTests=true \
    "$(native_tests_option)" || stop "the Java part does not build."
  rm -rf "$gpu_folder"
  mkdir -p "$gpu_folder/bin" "$gpu_folder/lib"
  install -s "$(gpu_built windlass_tests)" "$(gpu_built windlass_bench)" "$gpu_folder/bin/"
  # Distributions give google-benchmark as a shared library only; the benchmarks look for it beside themselves.
  ldd "$(gpu_built windlass_bench)" | awk '/libbenchmark/ { print $3 }' |
    xargs -r install -m 644 -t "$gpu_folder/bin/"
  install -m 644 "$root"/java/windlass-cli/target/windlass-cli-*.jar "$root"/java/windlass-cli/target/lib/*.jar \
    "$gpu_folder/lib/"
  logged "$logs/gpu-jlink.log" "$JAVA_HOME/bin/jlink" --add-modules java.base,java.logging,jdk.jfr,jdk.unsupported \
    --strip-debug --no-header-files --no-man-pages --compress zip-9 --output "$gpu_folder/jre" ||
    stop "jlink cannot make a run time from $JAVA_HOME."
  install -m 755 "$root/.ci/gpu-run.sh" "$gpu_folder/run"
  flock -u 9
}

gpu_built() {
  find "$build/gpu-native" -type f -name "$1" -perm -u+x -print -quit
}
