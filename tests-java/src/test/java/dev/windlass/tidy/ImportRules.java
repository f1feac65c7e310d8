package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who may look at whom in the Java tree.
 *
 * <p>A package below dev.windlass is a room, its sub-packages included. A file uses its own room
 * and rooms of strictly lower levels; rooms of one level do not know each other. The bindings are
 * used by the module windlass, which stands on them, and by benchmarks, which measure them.
 */
final class ImportRules {
  /** The rooms and their levels; the empty room is the package dev.windlass itself. */
  static final Map<String, Integer> LEVELS =
      Map.ofEntries(
          Map.entry("bindings", 0),
          Map.entry("", 1),
          Map.entry("memory", 2),
          Map.entry("archive", 2),
          Map.entry("rdma", 2),
          Map.entry("tensor", 3),
          Map.entry("transport", 3),
          Map.entry("store", 4),
          Map.entry("cache", 4),
          Map.entry("stream", 5),
          Map.entry("compile", 5),
          Map.entry("cli", 6));

  /** Where the bindings may be used. */
  private static final List<String> KNOW_BINDINGS =
      List.of("bindings/", "java/windlass/", "bench/", "tests-java/");

  private static final Pattern USE =
      Pattern.compile("\\bdev\\.windlass((?:\\.[a-z][a-z0-9_]*)*)\\.(?:[A-Z*]\\w*)?");
  private static final Pattern PACKAGE = Pattern.compile("(?m)^package\\s+([\\w.]+)\\s*;");

  private final List<Finding> findings = new ArrayList<>();

  private ImportRules() {}

  static List<Finding> check(SourceTree tree) {
    ImportRules rules = new ImportRules();
    tree.under("java/", "bindings/", "bench/", "tests-java/")
        .filter(SourceFile::isJava)
        .forEach(rules::checkFile);
    return rules.findings;
  }

  private void checkFile(SourceFile file) {
    boolean main = file.path().matches("(java/|bindings/).*/src/main/.*|bindings/src/.*");
    String own = room(packageOf(file));
    if (main && !LEVELS.containsKey(own)) {
      report(
          file,
          0,
          "the package dev.windlass." + own + " has no level",
          "Give it one in the tidy test's ImportRules");
    }
    Matcher use = USE.matcher(withoutPackage(file));
    while (use.find()) {
      String other = room("dev.windlass" + use.group(1));
      checkBindings(file, use.start(), other);
      if (main && !other.equals(own)) {
        checkDirection(file, use.start(), own, other);
      }
    }
  }

  private void checkBindings(SourceFile file, int offset, String other) {
    if (other.equals("bindings") && KNOW_BINDINGS.stream().noneMatch(file.path()::startsWith)) {
      report(
          file,
          offset,
          "the bindings are used outside java/windlass",
          "Use the public types of dev.windlass, or give java/windlass what is missing");
    }
  }

  private void checkDirection(SourceFile file, int offset, String own, String other) {
    int level = LEVELS.getOrDefault(own, 0);
    int otherLevel = LEVELS.getOrDefault(other, Integer.MAX_VALUE);
    if (otherLevel >= level) {
      String with = otherLevel == Integer.MAX_VALUE ? "no level" : "level " + otherLevel;
      report(
          file,
          offset,
          name(own) + " (level " + level + ") uses " + name(other) + " (" + with + ")",
          "Uses go to strictly lower levels; turn the dependency round or move the code down");
    }
  }

  private void report(SourceFile file, int offset, String rule, String wayOut) {
    findings.add(new Finding(file.path(), file.lineOf(offset), rule, wayOut));
  }

  /** The code, with the package declaration blanked, offsets kept. */
  private static String withoutPackage(SourceFile file) {
    return PACKAGE.matcher(file.code()).replaceFirst(found -> " ".repeat(found.group().length()));
  }

  static String packageOf(SourceFile file) {
    Matcher found = PACKAGE.matcher(file.code());
    return found.find() ? found.group(1) : "";
  }

  private static String room(String packageName) {
    if (!packageName.startsWith("dev.windlass.")) {
      return "";
    }
    String rest = packageName.substring("dev.windlass.".length());
    return rest.contains(".") ? rest.substring(0, rest.indexOf('.')) : rest;
  }

  private static String name(String room) {
    return room.isEmpty() ? "dev.windlass" : "dev.windlass." + room;
  }
}
