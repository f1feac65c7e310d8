package dev.windlass.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the demo did, step by step, and what it found when it looked: the table and the verdict. */
final class DemoRecord {
  private static final double NANOS_PER_MILLI = 1e6;

  private final TextTable table =
      new TextTable("Step", "Time", "GB/s", "Process memory (RSS)").alignRight(1, 2, 3);
  private final List<String> broken = new ArrayList<>();

  /** Adds a step that moved no bytes. */
  void mark(String step, long rssBytes) {
    table.row(step, "", "", ByteSize.formatMib(rssBytes));
  }

  /** Adds a step that moved bytes in a time; bytes 0 shows no rate. */
  void step(String step, long nanos, long bytes, long rssBytes) {
    String rate =
        bytes == 0 || nanos == 0 ? "" : String.format(Locale.ROOT, "%.1f", (double) bytes / nanos);
    table.row(step, time(nanos), rate, ByteSize.formatMib(rssBytes));
  }

  /** Notes whether a promise was kept; what names what was seen instead if it was not. */
  void check(boolean kept, String what) {
    if (!kept) {
      broken.add(what);
    }
  }

  boolean allKept() {
    return broken.isEmpty();
  }

  List<String> broken() {
    return List.copyOf(broken);
  }

  String table(int width) {
    return table.render(width);
  }

  static String time(long nanos) {
    return String.format(Locale.ROOT, "%.1f ms", nanos / NANOS_PER_MILLI);
  }
}
