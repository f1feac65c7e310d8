package dev.windlass.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them, {@code 256M}, and as they read them, {@code 256 MiB}. */
final class ByteSize {
  static final long MIB = 1L << 20;
  private static final String UNITS = "KMGT";
  private static final Pattern SIZE =
      Pattern.compile("([0-9]{1,18})\\s*(?:([KMGT])(?:iB|B)?|B)?", Pattern.CASE_INSENSITIVE);

  private ByteSize() {}

  /**
   * Reads a number of bytes, with K, M, G or T for the powers of 1024.
   *
   * @throws UsageException where it is none, or 0, or beyond what a long holds
   */
  static long parse(String text) {
    Matcher matcher = SIZE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new UsageException("\"" + text + "\" is not a size; write it like 256M or 1G");
    }
    long number = Long.parseLong(matcher.group(1));
    String unit = matcher.group(2);
    int shift =
        unit == null ? 0 : 10 * (1 + UNITS.indexOf(unit.toUpperCase(Locale.ROOT).charAt(0)));
    if (number == 0) {
      throw new UsageException("a size of 0 is of no use; write it like 256M or 1G");
    }
    if (number > Long.MAX_VALUE >> shift) {
      throw new UsageException("\"" + text + "\" is more than can be addressed");
    }
    return number << shift;
  }

  /**
   * In the largest unit that leaves at least one whole; with one digit after the point if needed.
   */
  static String format(long bytes) {
    int shift = 0;
    while (shift < 40 && bytes >>> shift >= 1024) {
      shift += 10;
    }
    if (shift == 0) {
      return bytes + " B";
    }
    double number = (double) bytes / (1L << shift);
    boolean whole = bytes % (1L << shift) == 0;
    String format = whole ? "%.0f %siB" : "%.1f %siB";
    return String.format(Locale.ROOT, format, number, UNITS.charAt(shift / 10 - 1));
  }

  /** In MiB, whole, so that the figures of a column compare. */
  static String formatMib(long bytes) {
    return String.format(Locale.ROOT, "%d MiB", Math.round((double) bytes / MIB));
  }
}
