package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The exceptions from the limits on length, each with the length it has now: "path lines" for a
 * file, "path#function lines" for a function. They may only shrink.
 */
final class Ratchet {
  static final String PATH = "tests-java/src/test/resources/tidy/ratchet.txt";

  private record Entry(int limit, int line) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final List<Finding> findings = new ArrayList<>();

  Ratchet(String text) {
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        parse(line, i + 1);
      }
    }
  }

  static Ratchet ofRepository(SourceTree tree) {
    return new Ratchet(tree.file(PATH).map(SourceFile::text).orElse(""));
  }

  /** Whether this length of this thing is a listed exception; a listed one is struck off. */
  boolean admits(String key, int length) {
    Entry entry = entries.remove(key);
    if (entry == null) {
      return false;
    }
    if (length < entry.limit) {
      report(
          entry.line,
          key + " has " + length + " lines now, fewer than the " + entry.limit + " listed",
          "Lower its number to " + length);
    }
    return length <= entry.limit;
  }

  /** What is wrong with the list itself, once everything was measured. */
  List<Finding> leftOver() {
    entries.forEach(
        (key, entry) ->
            report(entry.line, key + " is listed and needs no exception", "Take the line out"));
    entries.clear();
    return findings;
  }

  private void parse(String text, int line) {
    int blank = text.lastIndexOf(' ');
    if (blank > 0 && text.substring(blank + 1).matches("\\d{1,6}")) {
      int limit = Integer.parseInt(text.substring(blank + 1));
      entries.put(text.substring(0, blank), new Entry(limit, line));
    } else {
      report(line, "\"" + text + "\" is no exception", "Write \"path lines\"");
    }
  }

  private void report(int line, String rule, String wayOut) {
    findings.add(new Finding(PATH, line, rule, wayOut));
  }
}
