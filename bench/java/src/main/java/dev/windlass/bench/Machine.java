package dev.windlass.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a result must be read with: the machine, the system, and the code that was measured. */
final class Machine {
  private Machine() {}

  /** Named facts, in the order in which they are printed. */
  static Map<String, String> facts() throws InterruptedException {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "machine",
        valueIn("/proc/cpuinfo", "model name")
            + ", "
            + Runtime.getRuntime().availableProcessors()
            + " cores, last-level cache "
            + lastLevelCache()
            + ", "
            + memory()
            + (valueIn("/proc/cpuinfo", "flags").contains(" hypervisor") ? ", virtual" : ""));
    facts.put(
        "system",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + ", transparent huge pages "
            + firstLine("/sys/kernel/mm/transparent_hugepage/enabled")
            + ", JDK "
            + Runtime.version());
    facts.put("load before", firstLine("/proc/loadavg"));
    facts.put("commit", commit());
    return facts;
  }

  private static String memory() {
    String kibibytes = valueIn("/proc/meminfo", "MemTotal").replaceAll("\\D", "");
    return kibibytes.isEmpty() ? "?" : (Long.parseLong(kibibytes) + (1 << 19)) / (1 << 20) + " GiB";
  }

  private static String lastLevelCache() {
    String largest = "?";
    for (int index = 0; index < 8; index++) {
      String size = firstLine("/sys/devices/system/cpu/cpu0/cache/index" + index + "/size");
      largest = size.equals("?") ? largest : size;
    }
    return largest;
  }

  private static String commit() throws InterruptedException {
    String commit = output("git", "rev-parse", "--short=12", "HEAD");
    if (commit.isEmpty()) {
      return "none";
    }
    return commit + (output("git", "status", "--porcelain").isEmpty() ? "" : ", with changes");
  }

  /** What a command prints; nothing where it fails. */
  private static String output(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? output : "";
    } catch (IOException e) {
      return "";
    }
  }

  private static String firstLine(String file) {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines.findFirst().orElse("?");
    } catch (IOException e) {
      return "?";
    }
  }

  private static String valueIn(String file, String name) {
    try {
      List<String> lines = Files.readAllLines(Path.of(file));
      return lines.stream()
          .filter(line -> line.startsWith(name) && line.contains(":"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("?");
    } catch (IOException e) {
      return "?";
    }
  }
}
