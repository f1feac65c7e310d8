package dev.windlass.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Measures the cost of a downcall with JMH, in JVMs of its own. */
final class DowncallRun {
  /** Rounds per JVM: the three calls take turns JVM by JVM, since they cannot within one. */
  private static final int ROUNDS_PER_JVM = 3;

  private final Path jniLibrary;
  private final Options options;

  DowncallRun(Path jniLibrary, Options options) {
    this.jniLibrary = jniLibrary;
    this.options = options;
  }

  Row row() {
    boolean withJni = Files.isRegularFile(jniLibrary);
    Map<String, List<Double>> samples = new LinkedHashMap<>();
    try {
      for (int done = 0; done < options.rounds(); done += ROUNDS_PER_JVM) {
        measure("bindings", Row.OURS, samples);
        measure("critical", Row.LIMIT, samples);
        if (withJni) {
          measure("jni", Row.PEER, samples);
        }
      }
    } catch (RunnerException e) {
      return Row.without(Item.DOWNCALL, "JMH: " + e.getMessage());
    }
    Map<String, Side> sides = new LinkedHashMap<>();
    samples.forEach(
        (side, values) -> sides.put(side, new Side(new Samples(values), Optional.empty())));
    return Row.measured(Item.DOWNCALL, sides);
  }

  private void measure(String method, String side, Map<String, List<Double>> samples)
      throws RunnerException {
    TimeValue time = TimeValue.milliseconds(options.quick() ? 200 : 500);
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(DowncallBenchmark.class.getName() + "\\." + method + "$")
                    .forks(1)
                    .warmupIterations(ROUNDS_PER_JVM)
                    .warmupTime(time)
                    .measurementIterations(ROUNDS_PER_JVM)
                    .measurementTime(time)
                    .jvmArgsAppend(
                        "--enable-native-access=ALL-UNNAMED",
                        // JMH's own use of the JDK, which the JDK complains about.
                        "--sun-misc-unsafe-memory-access=allow",
                        "-D" + JniNop.LIBRARY_PROPERTY + "=" + jniLibrary.toAbsolutePath())
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    List<Double> found = samples.computeIfAbsent(side, key -> new ArrayList<>());
    for (RunResult result : results) {
      for (BenchmarkResult fork : result.getBenchmarkResults()) {
        for (IterationResult round : fork.getIterationResults()) {
          found.add(round.getPrimaryResult().getScore());
        }
      }
    }
  }
}
