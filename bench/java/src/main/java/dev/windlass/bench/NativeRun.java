package dev.windlass.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs the native benchmarks in a process of their own, and reads what they measured. */
final class NativeRun {
  private static final String CPU_SECONDS = "_cpu_s";

  /** What needs a GPU is run by itself, where there is one. */
  private static final String ALL_BUT_GPU = "-^gpu";

  private final List<String> command;

  NativeRun(Path executable, Options options) {
    List<String> words = new ArrayList<>();
    words.add(executable.toString());
    words.add("--benchmark_repetitions=" + options.rounds());
    words.add("--benchmark_filter=" + ALL_BUT_GPU);
    if (options.quick()) {
      words.add("--moved_mib=256");
    }
    command = List.copyOf(words);
  }

  List<String> command() {
    return command;
  }

  /** The rows of all native items; one that was not measured carries the reason. */
  List<Row> rows() throws IOException, InterruptedException {
    List<Row> rows = new ArrayList<>();
    Path output = Files.createTempFile("windlass-bench-", ".json");
    try {
      String problem = run(output);
      Object results = problem.isEmpty() ? Json.parse(Files.readString(output)) : Map.of();
      for (Item item : Item.NATIVE) {
        rows.add(problem.isEmpty() ? row(item, results) : Row.without(item, problem));
      }
    } catch (IllegalArgumentException e) {
      Item.NATIVE.forEach(item -> rows.add(Row.without(item, String.valueOf(e.getMessage()))));
    } finally {
      Files.deleteIfExists(output);
    }
    return rows;
  }

  /** The reason why it could not be run; nothing where it was. */
  private String run(Path output) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(command);
    words.add("--benchmark_out=" + output);
    words.add("--benchmark_out_format=json");
    Path log = Files.createTempFile("windlass-bench-", ".log");
    try {
      int status =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start()
              .waitFor();
      List<String> said = status == 0 ? List.of() : Files.readAllLines(log);
      return status == 0
          ? ""
          : command.getFirst()
              + " ended with status "
              + status
              + (said.isEmpty() ? "" : ": " + said.getLast());
    } finally {
      Files.deleteIfExists(log);
    }
  }

  private static Row row(Item item, Object results) {
    List<Map<?, ?>> rounds = new ArrayList<>();
    for (Map<?, ?> result : list(member(results, "benchmarks"))) {
      if (!String.valueOf(result.get("run_name")).split("/")[0].equals(item.key())
          || !"iteration".equals(result.get("run_type"))) {
        continue;
      }
      if (Boolean.TRUE.equals(result.get("error_occurred"))) {
        return Row.without(item, String.valueOf(result.get("error_message")));
      }
      rounds.add(result);
    }
    if (rounds.isEmpty()) {
      return Row.without(item, "the native benchmarks have no " + item.key());
    }
    Map<String, Side> sides = new LinkedHashMap<>();
    for (Object name : rounds.getFirst().keySet()) {
      String counter = String.valueOf(name);
      String suffix = item.unit().counterSuffix();
      if (counter.endsWith(suffix) && !counter.endsWith(CPU_SECONDS)) {
        String side = counter.substring(0, counter.length() - suffix.length());
        sides.put(side, side(item.unit(), side, rounds));
      }
    }
    return Row.measured(item, sides);
  }

  private static Side side(Item.Unit unit, String name, List<Map<?, ?>> rounds) {
    Samples counted = samples(name + unit.counterSuffix(), rounds, unit.scale());
    if (unit != Item.Unit.GIGABYTES_PER_SECOND) {
      return new Side(counted, Optional.empty());
    }
    Samples gigabytes = samples("bytes", rounds, 1e-9);
    Samples cpuSeconds = samples(name + CPU_SECONDS, rounds, 1);
    return new Side(gigabytes.over(counted), Optional.of(cpuSeconds.over(gigabytes)));
  }

  private static Samples samples(String counter, List<Map<?, ?>> rounds, double scale) {
    return Samples.of(
        rounds.stream()
            .mapToDouble(
                round -> round.get(counter) instanceof Double value ? value * scale : Double.NaN));
  }

  private static Object member(Object object, String name) {
    if (object instanceof Map<?, ?> members && members.containsKey(name)) {
      return members.get(name);
    }
    throw new IllegalArgumentException("the native benchmarks wrote no \"" + name + "\"");
  }

  private static List<Map<?, ?>> list(Object value) {
    List<Map<?, ?>> elements = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object element : list) {
        if (element instanceof Map<?, ?> members) {
          elements.add(members);
        }
      }
    }
    return elements;
  }
}
