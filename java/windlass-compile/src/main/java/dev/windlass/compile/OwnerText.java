package dev.windlass.compile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands in the record of a writer.
 *
 * @param nonce of the writer; empty where the text is torn
 * @param process it runs in
 * @param everyMillis how often the count moves while it lives
 * @param whole the text, to see whether it has changed
 */
record OwnerText(String nonce, Optional<ProcessIdentity> process, long everyMillis, String whole) {
  private static final int MOST_BYTES = 4096;
  private static final int COUNT_DIGITS = 19;
  private static final Pattern TEXT =
      Pattern.compile(
          "windlass writer 1\nnonce ([0-9a-f]{32})\nprocess (\\S+)\nevery ([0-9]{1,9}) ms\n"
              + "count [0-9]{19}\n");

  /** The text for a count; it has the same length for each. */
  static byte[] write(String nonce, ProcessIdentity process, long everyMillis, long count) {
    return "windlass writer 1\nnonce %s\nprocess %s\nevery %d ms\ncount %s\n"
        .formatted(nonce, process, everyMillis, digits(count))
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static String digits(long count) {
    String digits = Long.toString(count);
    return "0".repeat(COUNT_DIGITS - digits.length()) + digits;
  }

  /** Reads a record, or what is left of one. Empty if there is none. */
  static Optional<OwnerText> read(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      String whole = new String(in.readNBytes(MOST_BYTES), StandardCharsets.US_ASCII);
      Matcher parts = TEXT.matcher(whole);
      return Optional.of(
          parts.matches()
              ? new OwnerText(
                  parts.group(1),
                  ProcessIdentity.parse(parts.group(2)),
                  Math.max(1, Long.parseLong(parts.group(3))),
                  whole)
              : new OwnerText("", Optional.empty(), 1000, whole));
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    }
  }
}
