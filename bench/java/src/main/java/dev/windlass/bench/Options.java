package dev.windlass.bench;

import java.nio.file.Path;
import java.util.List;

/** What the command line asks for. */
record Options(Path nativeBenchmarks, Path jniLibrary, Path json, int rounds, boolean quick) {
  static final String USAGE =
      """
      Usage: Report --native <windlass_bench> [--jni <libwindlass_jni_nop.so>] [--json <file>]
                    [--rounds <n>] [--quick]

        --native  the executable with the native benchmarks
        --jni     the library of the JNI call that a downcall is compared with
        --json    where the results go as JSON; build/bench/results.json if not given
        --rounds  how often everything is measured; 9 if not given
        --quick   3 rounds with less memory: to see that it works, not to quote\
      """;

  /** Throws {@link IllegalArgumentException} with a message for the user. */
  static Options parse(List<String> arguments) {
    Path nativeBenchmarks = Path.of("");
    Path jniLibrary = Path.of("");
    Path json = Path.of("build", "bench", "results.json");
    int rounds = 0;
    boolean quick = false;
    for (int i = 0; i < arguments.size(); i++) {
      switch (arguments.get(i)) {
        case "--native" -> nativeBenchmarks = Path.of(valueAfter(arguments, i++));
        case "--jni" -> jniLibrary = Path.of(valueAfter(arguments, i++));
        case "--json" -> json = Path.of(valueAfter(arguments, i++));
        case "--rounds" -> rounds = count(valueAfter(arguments, i++));
        case "--quick" -> quick = true;
        default -> throw new IllegalArgumentException("unknown option " + arguments.get(i));
      }
    }
    if (nativeBenchmarks.toString().isEmpty()) {
      throw new IllegalArgumentException("--native is missing");
    }
    int usual = quick ? 3 : 9;
    return new Options(nativeBenchmarks, jniLibrary, json, rounds != 0 ? rounds : usual, quick);
  }

  private static String valueAfter(List<String> arguments, int index) {
    if (index + 1 >= arguments.size()) {
      throw new IllegalArgumentException(arguments.get(index) + " needs a value");
    }
    return arguments.get(index + 1);
  }

  private static int count(String text) {
    try {
      int count = Integer.parseInt(text);
      if (count > 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number that is too small.
    }
    throw new IllegalArgumentException("--rounds needs a number from 1 on, not " + text);
  }
}
