package dev.windlass.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What the kernel's files say about this machine. A file that is not there is no error: the finding
 * says so.
 */
final class Machine {
  private static final long LITTLE_BYTES = 1L << 30;

  private final Path root;

  /** Reads {@code proc} and {@code sys} under root, which is {@code /} but in tests. */
  Machine(Path root) {
    this.root = root;
  }

  Finding platform() {
    String kernel = read("proc/sys/kernel/osrelease").stream().findFirst().orElse("unknown");
    String system = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    String detail = system + " " + kernel.strip() + ", " + arch;
    return "Linux".equals(system)
        ? Finding.present("platform", detail)
        : Finding.absent("platform", detail, "run Windlass on Linux");
  }

  Finding processor() {
    List<String> lines = read("proc/cpuinfo");
    String model =
        lines.stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse("model unknown");
    int processors = Runtime.getRuntime().availableProcessors();
    return Finding.present("processor", model + ", " + processors + " usable by this process");
  }

  Finding hugepages() {
    long total = memoryInfo("HugePages_Total").orElse(0);
    long free = memoryInfo("HugePages_Free").orElse(0);
    String size =
        memoryInfo("Hugepagesize").stream().mapToObj(ByteSize::format).findFirst().orElse("?");
    if (total > 0) {
      return Finding.present(
          "explicit hugepages", free + " of " + total + " free, " + size + " each");
    }
    return Finding.absent(
        "explicit hugepages",
        "none reserved (HugePages_Total is 0)",
        "not needed where transparent hugepages are on; else sysctl vm.nr_hugepages=<number>");
  }

  Finding freeMemory() {
    OptionalLong available = memoryInfo("MemAvailable");
    if (available.isEmpty()) {
      return Finding.unknown("free memory", "proc/meminfo has no MemAvailable");
    }
    long free = available.getAsLong();
    String total =
        memoryInfo("MemTotal").stream().mapToObj(ByteSize::format).findFirst().orElse("?");
    StringBuilder detail =
        new StringBuilder(ByteSize.format(free)).append(" available of ").append(total);
    OptionalLong limit = containerLimit();
    limit.ifPresentOrElse(
        bytes -> detail.append("; the container's limit is ").append(ByteSize.format(bytes)),
        () -> detail.append("; no container limit"));
    long usable = Math.min(free, limit.orElse(Long.MAX_VALUE));
    return usable >= LITTLE_BYTES
        ? Finding.present("free memory", detail.toString())
        : Finding.absent(
            "free memory", detail.toString(), "free some memory, or use smaller regions");
  }

  Finding temporaryFolder(String folder) {
    Optional<String> type = fileSystemType(Path.of(folder));
    if (type.isEmpty()) {
      return Finding.unknown(
          "tmp on tmpfs", "proc/self/mounts does not say where " + folder + " is");
    }
    return type.get().equals("tmpfs")
        ? Finding.present("tmp on tmpfs", folder + " is in memory: what is put there takes memory")
        : Finding.absent(
            "tmp on tmpfs",
            folder + " is on " + type.get(),
            "nothing, unless temporary files slow you down; then set -Djava.io.tmpdir=/dev/shm");
  }

  /** The file that the native library of this process was loaded from. */
  Optional<String> loadedLibrary() {
    return read("proc/self/maps").stream()
        .filter(line -> line.contains("/libwindlass") && line.contains(".so"))
        .map(line -> line.substring(line.indexOf('/')))
        .findFirst();
  }

  /** The tightest limit of the control groups that we are in; empty where there is none. */
  OptionalLong containerLimit() {
    List<String> groups = read("proc/self/cgroup");
    OptionalLong least = OptionalLong.empty();
    for (String line : groups) {
      String[] fields = line.split(":", 3);
      if (fields.length < 3 || !(fields[1].isEmpty() || fields[1].contains("memory"))) {
        continue;
      }
      String base = fields[1].isEmpty() ? "sys/fs/cgroup" : "sys/fs/cgroup/memory";
      String file = fields[1].isEmpty() ? "memory.max" : "memory.limit_in_bytes";
      Path group = Path.of(base + fields[2]);
      while (group != null && group.startsWith(base)) {
        OptionalLong limit = limitIn(group.resolve(file).toString());
        if (limit.isPresent() && limit.getAsLong() < least.orElse(Long.MAX_VALUE)) {
          least = limit;
        }
        group = group.getParent();
      }
    }
    return least;
  }

  private OptionalLong limitIn(String file) {
    List<String> lines = read(file);
    if (lines.isEmpty() || lines.getFirst().strip().equals("max")) {
      return OptionalLong.empty();
    }
    long bytes = Long.parseLong(lines.getFirst().strip());
    // Version 1 writes the largest page-aligned number where there is no limit.
    return bytes > Long.MAX_VALUE / 2 ? OptionalLong.empty() : OptionalLong.of(bytes);
  }

  /**
   * The type of the file system that holds the folder, by the longest mount point that leads to it.
   */
  private Optional<String> fileSystemType(Path folder) {
    TreeMap<Integer, String> types = new TreeMap<>();
    for (String line : read("proc/self/mounts")) {
      String[] fields = line.split(" ", -1);
      if (fields.length > 2 && folder.startsWith(fields[1])) {
        types.put(fields[1].length(), fields[2]);
      }
    }
    return types.isEmpty() ? Optional.empty() : Optional.of(types.lastEntry().getValue());
  }

  /** A figure of proc/meminfo, in bytes where it has a unit. */
  private OptionalLong memoryInfo(String name) {
    for (String line : read("proc/meminfo")) {
      if (line.startsWith(name + ":")) {
        String[] fields = line.substring(name.length() + 1).strip().split(" ", 2);
        long number = Long.parseLong(fields[0]);
        return OptionalLong.of(fields.length > 1 ? number * 1024 : number);
      }
    }
    return OptionalLong.empty();
  }

  private List<String> read(String file) {
    try {
      return Files.readAllLines(root.resolve(file));
    } catch (IOException notThere) {
      return List.of();
    }
  }
}
