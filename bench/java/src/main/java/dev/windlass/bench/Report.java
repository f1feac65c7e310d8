package dev.windlass.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Runs all benchmarks, prints one table, and writes what it says as JSON.
 *
 * <p>Exit status: 0 if everything was measured, whatever came out; 1 if something could not be; 2
 * for wrong options.
 */
public final class Report {
  private static final String EMULATION =
      "The emulated device is host memory: its figures say nothing about a GPU.";

  private Report() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Options options;
    try {
      options = Options.parse(List.of(arguments));
    } catch (IllegalArgumentException e) {
      System.err.println("windlass bench: " + e.getMessage() + "\n" + Options.USAGE);
      System.exit(2);
      return;
    }
    List<Row> rows = run(options, List.of(arguments));
    System.exit(rows.stream().allMatch(row -> row.problem().isEmpty()) ? 0 : 1);
  }

  private static List<Row> run(Options options, List<String> arguments)
      throws IOException, InterruptedException {
    NativeRun nativeRun = new NativeRun(options.nativeBenchmarks(), options);
    Map<String, String> facts = new LinkedHashMap<>(Machine.facts());
    facts.put("command", "Report " + String.join(" ", arguments));
    facts.put("native", String.join(" ", nativeRun.command()));
    facts.put(
        "rounds",
        options.rounds()
            + " (median, lowest–highest); the sides of an item take turns"
            + (options.quick() ? "; QUICK: not to be quoted" : ""));
    facts.put("note", EMULATION);
    facts.forEach((name, fact) -> System.out.printf("%-12s %s%n", name + ":", fact));
    System.out.println();

    System.err.println("Running the native benchmarks, then the Java ones: a few minutes.");
    List<Row> rows = new ArrayList<>(nativeRun.rows());
    rows.add(new DowncallRun(options.jniLibrary(), options).row());
    System.out.print(Table.of(rows));
    if (!Files.isRegularFile(options.jniLibrary())) {
      System.out.println(
          "\nNo JNI library was built (no jni.h was found): a downcall has no peer.");
    }
    write(options.json(), facts, rows);
    System.out.println("\nAs JSON: " + options.json());
    return rows;
  }

  private static void write(Path file, Map<String, String> facts, List<Row> rows)
      throws IOException {
    Map<String, Object> report = new LinkedHashMap<>(facts);
    report.put("items", rows.stream().map(Report::asJson).toList());
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.writeString(file, Json.write(report));
  }

  private static Map<String, Object> asJson(Row row) {
    Item item = row.item();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("item", item.number());
    json.put("key", item.key());
    json.put("title", item.title());
    json.put("limit_is", item.limit());
    json.put("peer_is", item.peer());
    json.put("unit", item.unit().label());
    row.sides().forEach((name, side) -> json.put(name, asJson(side)));
    json.put("ours_over_limit", medianOf(row.ratioTo(Row.LIMIT)));
    json.put("ours_over_peer", medianOf(row.ratioTo(Row.PEER)));
    json.put("target_over_limit", numberOf(item.limitTarget()));
    json.put("target_over_peer", numberOf(item.peerTarget()));
    json.put("met", row.met().map(Object.class::cast).orElse(Json.NULL));
    if (!row.problem().isEmpty()) {
      json.put("problem", row.problem());
    }
    return json;
  }

  private static Map<String, Object> asJson(Side side) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("median", side.rate().median());
    json.put("min", side.rate().min());
    json.put("max", side.rate().max());
    json.put("cpu_seconds_per_gigabyte", medianOf(side.cpuSecondsPerGigabyte()));
    json.put("rounds", side.rate().values());
    return json;
  }

  private static Object medianOf(Optional<Samples> samples) {
    return samples.map(found -> (Object) found.median()).orElse(Json.NULL);
  }

  private static Object numberOf(OptionalDouble number) {
    return number.isPresent() ? (Object) number.getAsDouble() : Json.NULL;
  }
}
