package dev.windlass.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory this process may still take, as the kernel's files say. */
final class AvailableMemory {
  private static final String AVAILABLE = "MemAvailable:";

  private final Path root;

  /** Reads {@code proc} and {@code sys} under root, which is {@code /} but in tests. */
  AvailableMemory(Path root) {
    this.root = root;
  }

  /**
   * The less of what the machine has and what the control group leaves; 0 where neither is told.
   */
  long bytes() {
    long machine = machineBytes();
    long group = groupBytes();
    if (machine < 0 && group < 0) {
      return 0;
    }
    return machine < 0 ? group : group < 0 ? machine : Math.min(machine, group);
  }

  private long machineBytes() {
    try {
      for (String line : Files.readAllLines(root.resolve("proc/meminfo"))) {
        if (line.startsWith(AVAILABLE)) {
          String[] words = line.substring(AVAILABLE.length()).strip().split(" ");
          return Long.parseLong(words[0]) << 10;
        }
      }
    } catch (IOException | NumberFormatException hidden) {
      return -1;
    }
    return -1;
  }

  private long groupBytes() {
    Path group = root.resolve("sys/fs/cgroup");
    long limit = number(group.resolve("memory.max"));
    long used = number(group.resolve("memory.current"));
    return limit < 0 || used < 0 ? -1 : Math.max(0, limit - used);
  }

  /** The number in a file; -1 where there is none, as in "max". */
  private static long number(Path file) {
    try {
      return Long.parseLong(Files.readString(file).strip());
    } catch (IOException | NumberFormatException none) {
      return -1;
    }
  }
}
