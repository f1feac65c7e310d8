# shellcheck shell=bash
# `./windlass test`: the stages, and the account of what they found. Sourced by ../windlass, whose functions it uses.
# shellcheck disable=SC2154 # root, build and logs are the script's.

readonly all_stages=(native asan tsan java rdma lint)

# Results, one a line: stage, "passed" "failed" or "skipped", name, reason; tabs between.
readonly results=$logs/results.tsv

record() {
  local IFS=$'\t'
  printf '%s\n' "$*" >>"$results"
}

# Turns JUnit reports (ctest's and Surefire's) into results. The class decides between a Java stage and tidy.
record_reports() {
  local stage=$1
  shift
  awk -v stage="$stage" '
    function attribute(text, key,    start) {
      if (!match(text, "(^|[ \t\n])" key "=\"[^\"]*\"")) return ""
      start = index(substr(text, RSTART), "\"")
      return plain(substr(text, RSTART + start, RLENGTH - start - 1))
    }
    function plain(text) {
      gsub(/&#(10|x0A);|[\t\n]+/, " ", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'\''", text)
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text)
      gsub(/^ +| +$/, "", text)
      return text
    }
    # Why it was skipped: as JUnit says it, as our native tests do, and as googletest does on the line after "Skipped".
    function reason(body) {
      if (match(body, /Assumption failed: [^\n]*/)) return plain(substr(body, RSTART + 19, RLENGTH - 19))
      sub(/^.*<system-out>/, "", body)
      if (match(body, /SKIPPED: [^\n]*/)) return plain(substr(body, RSTART + 9, RLENGTH - 9))
      if (match(body, /: Skipped\n[^\n]*/)) return plain(substr(body, RSTART + 10, RLENGTH - 10))
      return ""
    }
    BEGIN { RS = "<testcase "; OFS = "\t" }
    FNR == 1 { next }
    {
      # An attribute may contain ">", so the head ends where a quote closes before it.
      match($0, /"[ \t\n]*\/?>/); head = substr($0, 1, RSTART); body = substr($0, RSTART + RLENGTH)
      sub(/<\/testcase>.*/, "", body)
      class = attribute(head, "classname"); name = attribute(head, "name")
      # Of the tests of a shard that ended there are reports.
      if (name ~ /^windlass_tests\.shard/ && body !~ /<failure|<error/ && attribute(head, "status") != "fail") next
      where = class ~ /^dev\.windlass\.tidy\./ ? "tidy" : stage
      sub(/ +# GetParam.*/, "", class); sub(/ +# GetParam.*/, "", name)
      if (class != name && class != "") { sub(/.*\./, "", class); name = class "." name }
      why = ""; outcome = "passed"
      if (match(body, /<skipped[^>]*>/)) {
        why = attribute(substr(body, RSTART, RLENGTH), "message")
        outcome = "skipped"
        if (why !~ /^SKIP_/ && attribute(head, "status") == "notrun") outcome = "failed"
        if (why ~ /^SKIP_/ || why == "") why = reason(body)
        sub(/^\/[^ ]*:[0-9]+ /, "", why)
      } else if (body ~ /<(failure|error)[ >]/ || attribute(head, "status") == "fail") outcome = "failed"
      print where, outcome, name, why
    }' "$@" >>"$results"
}

# Configures, builds and runs the native tests in a folder; the rest goes to CMake. Stage names the folder's results.
native_stage() {
  local stage=$1 folder=$2 report=$logs/$1-tests.xml
  local -a reports
  shift 2
  rm -rf "$report" "$folder/reports"
  if ! logged "$logs/$stage-build.log" build_native "$folder" -DWINDLASS_TESTS=ON "$@"; then
    record "$stage" failed "the build of $stage" "see $logs/$stage-build.log"
    return
  fi
  "${launcher[@]}" ctest --test-dir "$folder" -j "$(nproc)" --no-tests=error --output-on-failure \
    --output-junit "$report" >"$logs/$stage.log" 2>&1 9>&- || show_failed_tests "$logs/$stage.log"
  mapfile -t reports < <(find "$report" "$folder/reports" -name '*.xml' -size +0)
  if ((${#reports[@]} > 0)); then record_reports "$stage" "${reports[@]}"; fi
}

# What the failed tests and the sanitizers said.
show_failed_tests() {
  {
    grep -E -A5 ': Failure$|^(WARNING|ERROR|SUMMARY): |runtime error:|==[0-9]+==ERROR|^FAILED' "$1" | head -n 40 || true
    sed -n '/The following tests FAILED/,$p' "$1" | sed 's/ *# GetParam.* \((.*)\)$/ \1/' | head -n 30
  } | sed 's/^/    /' >&2
}

stage_native() {
  local -a launcher=(env)
  native_stage native "$build/native" -DWINDLASS_BENCH=OFF -DWINDLASS_SANITIZE= -DWINDLASS_BY_ROOM=all
}

stage_asan() {
  local -a launcher=(
    env
    ASAN_OPTIONS=detect_leaks=1:halt_on_error=1:detect_stack_use_after_return=1:strict_string_checks=1
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  )
  native_stage asan "$build/asan" -DWINDLASS_SANITIZE=address -DWINDLASS_BY_ROOM=all
}

stage_tsan() {
  local -a launcher=(env TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1)
  # Where the kernel puts much chance into addresses, TSan's shadow memory does not fit and the program does not start.
  if setarch "$(uname -m)" -R true 2>/dev/null; then launcher=(setarch "$(uname -m)" -R "${launcher[@]}"); fi
  native_stage tsan "$build/tsan" -DWINDLASS_SANITIZE=thread -DWINDLASS_BY_ROOM=all
}

# What needs an RDMA device, in a virtual machine that has two, with what the stages before have built, or is built now.
stage_rdma() {
  local vm=$root/tests-native/rdma-vm
  if ! logged "$logs/rdma-vm.log" "$vm/make.sh"; then
    record rdma skipped "all of RDMA" "$(tail -n 1 "$logs/rdma-vm.log")"
    return
  fi
  if ! logged "$logs/rdma-build.log" build_rdma; then
    record rdma failed "the build of rdma" "see $logs/rdma-build.log"
    return
  fi
  rdma_in_vm "$vm/run.sh" "$logs/rdma"
}

build_rdma() {
  local -a launcher=(env)
  build_native "$build/native" -DWINDLASS_TESTS=ON -DWINDLASS_BENCH=OFF -DWINDLASS_SANITIZE= -DWINDLASS_BY_ROOM=all &&
    maven package -pl tests-java,java/windlass-cli -am -DskipTests -Dwindlass.native.skipTests=true \
      -Dwindlass.native.tests=ON
}

# In one machine, as it takes a while until it is there: what is of the transport and what each way to a volume promises
# side by side, then Java.
rdma_in_vm() {
  local run=$1 out=$2 part
  local -a java=("$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1
    -cp "$(class_path):$root/tests-java/target/test-classes" dev.windlass.store.RdmaSmoke)
  rm -rf "$out"
  mkdir -p "$out"
  cat >"$out/both" <<'END'
run() {
  "$1" --gtest_brief=1 "--gtest_filter=$3" "--gtest_output=xml:$2.xml" >"$2.log" 2>&1 || echo "FAILED: $2" >>"$2.log"
}
run "$1" "$2/transport" 'Rdma*:QueuePair*:Verbs*:FarTransport*' &
run "$1" "$2/store" '*/rdma'
wait
if "${@:3}" >"$2/java.log" 2>&1; then echo passed >"$2/java"; else echo failed >"$2/java"; fi
END
  RDMA_VM_DEVICES=2 RDMA_VM_OUT=$out RDMA_VM_SECONDS=480 "$run" bash "$out/both" \
    "$build/native/tests-native/windlass_tests" "$out" "${java[@]}" >"$logs/rdma.log" 2>&1 9>&- ||
    record rdma failed "the virtual machine" "see $logs/rdma.log"
  for part in transport store; do
    if [[ -s $out/$part.log ]]; then show_failed_tests "$out/$part.log"; fi
    if [[ -s $out/$part.xml ]]; then
      record_reports rdma "$out/$part.xml"
    else
      record rdma failed "the suites of the $part over RDMA" "see $out/$part.log and $logs/rdma.log"
    fi
  done
  record rdma "$(cat "$out/java" 2>/dev/null || echo failed)" "Java: RdmaSmoke"
  if ! grep -qs passed "$out/java"; then tail -n 20 "$out/java.log" 2>/dev/null | sed 's/^/    /' >&2; fi
}

stage_java() {
  local log=$logs/java.log
  local -a reports
  find "$root" -path "$build" -prune -o -type d -path '*/target/surefire-reports' -print0 | xargs -0 -r rm -rf
  # Also after a failure, modules that do not need the one that failed are built.
  maven verify --fail-at-end -Dwindlass.native.skipTests=true "$(native_tests_option)" >"$log" 2>&1 9>&- ||
    explain_java "$log"
  mapfile -t reports < <(find "$root" -path '*/target/surefire-reports/TEST-*.xml')
  if ((${#reports[@]} > 0)); then record_reports java "${reports[@]}"; fi
}

# Shows why Maven failed. Failed tests are in the reports; anything else is a failure of its own.
explain_java() {
  local others
  others=$(grep 'Failed to execute goal' "$1" | grep -v 'There are test failures') || true
  if [[ -n $others ]] || ! grep -q 'There are test failures' "$1"; then
    record java failed "the Maven build" "see $1"
    show_failure "$1"
  else
    sed -nE '/^\[ERROR\] (Failures|Errors):/,/^\[ERROR\] Tests run/p' "$1" | head -n 40 | sed 's/^/    /' >&2
  fi
}

# Runs a check on a file and records what came of it; the output, if it fails, is shown.
lint_file() {
  local name=$1 file=$2 log
  shift 2
  log=$logs/lint/$name-${file//\//-}.log
  if "$@" "$file" >"$log" 2>&1; then
    record lint passed "$name $file"
  else
    record lint failed "$name $file"
    grep -E -A3 '(error|warning):' "$log" | head -n 20 | sed 's/^/    /' >&2
  fi
}

# Checks files, whose names come from standard input, as many at once as there are processors.
lint_files() {
  export -f record lint_file
  export results logs
  # shellcheck disable=SC2016 # The inner shell expands.
  xargs -r -P "$(nproc)" -I{} bash -c 'lint_file "$0" "$1" "${@:2}"' "$1" {} "${@:2}"
}

stage_lint() {
  cd "$root" || return
  rm -rf "$logs/lint"
  mkdir -p "$logs/lint"
  find native tests-native bench -name '*.[ch]' -o -name '*.[ch]pp' | sort |
    lint_files clang-format "$(tool_path clang-format)" --dry-run -Werror
  lint_rooms
}

# clang-tidy looks at all files of a room as one, as their headers take longer than they do. It is told to look at what
# a file includes, which is then the room. The analyzer gives up on a function after so many of its states: what lies
# behind them takes five times as long.
lint_rooms() {
  logged "$logs/lint-configure.log" configure "$build/lint" -DWINDLASS_BY_ROOM=all || {
    record lint failed "configuring for clang-tidy" "see $logs/lint-configure.log"
    return
  }
  sed -n 's/^  "file": "\(.*\(pp\|cxx\)\)",\{0,1\}$/\1/p' "$build/lint/compile_commands.json" | sort -u |
    lint_files clang-tidy "$(tool_path clang-tidy)" --quiet --warnings-as-errors='*' -p "$build/lint" \
      --checks=-bugprone-suspicious-include --header-filter='native/(src|preload|daemon)/.*' \
      --extra-arg={-Xclang,-analyzer-opt-analyze-headers} \
      --extra-arg={-Xclang,-analyzer-config,-Xclang,max-nodes=20000}
}

run_stage() {
  local stage=$1 started=$SECONDS
  printf '%s\n' "== $stage: $(stage_title "$stage")"
  "stage_$stage"
  grep -q "^$stage"$'\t' "$results" || record "$stage" failed "no test of $stage ran" "see $logs"
  record "$stage" seconds $((SECONDS - started))
  awk -F'\t' -v stage="$stage" '
    $1 == stage || (stage == "java" && $1 == "tidy") { count[$2]++; if ($2 == "seconds") seconds += $3 }
    END {
      printf "   %d passed, %d failed, %d skipped", count["passed"], count["failed"], count["skipped"]
      printf ", %d s\n", seconds
    }
  ' "$results"
}

stage_title() {
  case $1 in
    native) printf 'the native library and its tests' ;;
    asan) printf 'the same under AddressSanitizer and UndefinedBehaviorSanitizer' ;;
    tsan) printf 'the same under ThreadSanitizer' ;;
    rdma) printf 'the transport over RDMA, in a virtual machine that has devices' ;;
    java) printf 'the Java part and its tests, tidy, Spotless, Error Prone' ;;
    lint) printf 'clang-format and clang-tidy' ;;
  esac
}

# The table, what failed and what was skipped, and the totals; fails where something did.
summarize() {
  awk -F'\t' '
    !($1 in known) { known[$1] = 1; order[++stages] = $1 }
    $2 == "seconds" { seconds[$1] = $3; total_seconds += $3; next }
    { count[$1, $2]++; total[$2]++ }
    $2 == "failed" { failed = failed sprintf("  %s: %s%s\n", $1, $3, $4 == "" ? "" : " (" $4 ")") }
    $2 == "skipped" { skipped = skipped sprintf("  %s: %s\n      %s\n", $1, $3, $4 == "" ? "no reason given" : $4) }
    function line(name, passed, failed, skipped, seconds) {
      printf "%-8s %7s %7s %8s %8s\n", name, passed, failed, skipped, seconds
    }
    END {
      print ""
      line("stage", "passed", "failed", "skipped", "seconds")
      for (i = 1; i <= stages; i++) {
        stage = order[i]
        time = stage in seconds ? seconds[stage] : "in java"
        line(stage, count[stage, "passed"] + 0, count[stage, "failed"] + 0, count[stage, "skipped"] + 0, time)
      }
      line("total", total["passed"] + 0, total["failed"] + 0, total["skipped"] + 0, total_seconds + 0)
      if (failed != "") printf "\nFailed:\n%s", failed
      if (skipped != "") printf "\nSkipped:\n%s", skipped
      printf "\n%d passed, %d failed, %d skipped\n", total["passed"], total["failed"], total["skipped"]
      exit total["failed"] > 0
    }' "$results"
}

run_test() {
  local stage
  local -a stages=("$@")
  if ((${#stages[@]} == 0)); then stages=("${all_stages[@]}"); fi
  for stage in "${stages[@]}"; do
    [[ " ${all_stages[*]} " == *" $stage "* ]] || {
      say "test has no stage \"$stage\"; it has: ${all_stages[*]}"
      exit 2
    }
  done
  require_jdk
  lock_build
  require build test rdma
  : >"$results"
  for stage in "${stages[@]}"; do run_stage "$stage"; done
  summarize
}
