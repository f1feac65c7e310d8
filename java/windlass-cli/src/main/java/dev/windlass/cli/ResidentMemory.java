package dev.windlass.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much memory really stands behind this process's addresses, as the kernel counts it. */
final class ResidentMemory {
  private final Path process;

  /** Reads from a folder like {@code /proc/self}. */
  ResidentMemory(Path process) {
    this.process = process;
  }

  static ResidentMemory ofThisProcess() {
    return new ResidentMemory(Path.of("/proc/self"));
  }

  /** The whole process: VmRSS. */
  long totalBytes() {
    for (String line : lines("status")) {
      if (line.startsWith("VmRSS:")) {
        return kilobytes(line);
      }
    }
    throw new IllegalStateException(process.resolve("status") + " has no VmRSS");
  }

  /** The mappings that touch [address, address + size). */
  long rangeBytes(long address, long size) {
    long bytes = 0;
    boolean inside = false;
    for (String line : lines("smaps")) {
      int dash = line.indexOf('-');
      int blank = line.indexOf(' ');
      if (dash > 0 && dash < blank && line.indexOf(':') != blank - 1) {
        long start = Long.parseUnsignedLong(line, 0, dash, 16);
        long end = Long.parseUnsignedLong(line, dash + 1, blank, 16);
        inside =
            Long.compareUnsigned(start, address + size) < 0
                && Long.compareUnsigned(address, end) < 0;
      } else if (inside && line.startsWith("Rss:")) {
        bytes += kilobytes(line);
      }
    }
    return bytes;
  }

  private static long kilobytes(String line) {
    String digits = line.replaceAll("[^0-9]", "");
    return Long.parseLong(digits) * 1024;
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(process.resolve(file));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
