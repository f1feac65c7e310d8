package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who may look at whom in the native tree.
 *
 * <p>A file includes its own room and rooms of strictly lower levels. A room's sub-folder (a
 * backend) may include its room's top; the top knows no sub-folder, and no sub-folder knows
 * another. From outside, only those who choose a backend, from capi upwards, may name one; and
 * volume, whose memory is made of the segments of shm and which chooses between transports.
 */
final class IncludeRules {
  /** The rooms and their levels, as native/README.md has them. */
  static final Map<String, Integer> LEVELS =
      Map.ofEntries(
          Map.entry("base", 0),
          Map.entry("memory", 1),
          Map.entry("io", 1),
          Map.entry("codec", 1),
          Map.entry("device", 2),
          Map.entry("archive", 2),
          Map.entry("mooncake", 2),
          Map.entry("transport", 3),
          Map.entry("backup", 3),
          Map.entry("region", 4),
          Map.entry("volume", 4),
          Map.entry("store", 5),
          Map.entry("capi", 6),
          Map.entry("preload", 7),
          Map.entry("daemon", 7));

  private static final int CHOOSES_BACKENDS = 6;
  private static final Pattern INCLUDE =
      Pattern.compile("(?m)^[ \\t]*#[ \\t]*include[ \\t]*([<\"])([^>\"\\n]+)[>\"]");

  /** Foreign headers, and the only folder that may know them. */
  private static final Map<Pattern, String> FOREIGN =
      Map.of(
          Pattern.compile("cuda.*\\.h|nv.*\\.h"), "native/src/device/cuda",
          Pattern.compile("(infiniband|rdma)/.*"), "native/src/transport/rdma",
          Pattern.compile("(.*/)?store_c\\.h"), "native/src/mooncake");

  private final SourceTree tree;
  private final List<Finding> findings = new ArrayList<>();

  private IncludeRules(SourceTree tree) {
    this.tree = tree;
  }

  static List<Finding> check(SourceTree tree) {
    IncludeRules rules = new IncludeRules(tree);
    tree.under("native/src/", "native/preload/", "native/daemon/")
        .filter(SourceFile::isNative)
        .forEach(file -> rules.eachInclude(file, rules::checkInclude));
    tree.under("native/include/")
        .filter(SourceFile::isNative)
        .forEach(file -> rules.eachInclude(file, rules::checkAbiInclude));
    return rules.findings;
  }

  /** One include: who, where, and what. */
  private record Include(SourceFile file, int line, String target) {}

  private void eachInclude(SourceFile file, BiConsumer<Include, Boolean> check) {
    if (file.path().startsWith("native/src/") && !LEVELS.containsKey(room(file.path()))) {
      report(
          new Include(file, 1, ""),
          "the room " + room(file.path()) + " has no level",
          "Give it one in the tidy test's IncludeRules and in native/README.md");
    }
    Matcher matcher = INCLUDE.matcher(file.uncommented());
    while (matcher.find()) {
      int line = file.lineOf(matcher.start(2));
      check.accept(new Include(file, line, matcher.group(2)), matcher.group(1).equals("\""));
    }
  }

  private void checkAbiInclude(Include include, boolean quoted) {
    String target = include.target;
    boolean own = quoted && target.matches("windlass/\\w+\\.h");
    boolean standard = !quoted && (target.equals("stdint.h") || target.equals("stddef.h"));
    if (!own && !standard) {
      report(
          include,
          "an ABI header includes " + target,
          "It may include only \"windlass/*.h\", <stdint.h> and <stddef.h>");
    }
  }

  private void checkInclude(Include include, boolean quoted) {
    String target = include.target;
    checkForeign(include);
    if (target.startsWith("windlass/")) {
      checkAbi(include, quoted);
    } else if (quoted) {
      checkProject(include);
    } else if (tree.has("native/src/" + target)) {
      report(include, "<" + target + "> is the project's own", "Write it in quotes");
    }
  }

  private void checkForeign(Include include) {
    FOREIGN.forEach(
        (pattern, folder) -> {
          if (pattern.matcher(include.target).matches() && !inFolder(include.file, folder)) {
            report(
                include,
                include.target + " is included outside " + folder,
                "Reach it through the interface of that room");
          }
        });
  }

  private void checkAbi(Include include, boolean quoted) {
    String path = include.file.path();
    boolean codes =
        path.equals("native/src/base/status.hpp") && include.target.equals("windlass/status.h");
    boolean door = room(path).equals("capi") || room(path).equals("preload");
    if (!codes && !door) {
      report(
          include,
          "the ABI header " + include.target + " is included outside capi",
          "Use the C++ types of native/src; the codes come from base/status.hpp");
    }
    if (!quoted) {
      report(include, "<" + include.target + "> is the project's own", "Write it in quotes");
    }
  }

  private void checkProject(Include include) {
    String target = include.target;
    String targetPath = "native/src/" + target;
    String from = room(include.file.path());
    String to = room(targetPath);
    boolean inside = from.equals("preload") || from.equals("daemon");
    if (target.contains("./")
        || !target.contains("/")
        || (!tree.has(targetPath) && LEVELS.containsKey(to) && !inside)) {
      report(
          include,
          "\"" + target + "\" is not a file written from native/src",
          "Write the path from there: \"room/file.hpp\"");
    } else if (!LEVELS.containsKey(to)) {
      report(
          include,
          "the room " + to + " has no level",
          "Give it one in the tidy test's IncludeRules and in native/README.md");
    } else if (from.equals(to)) {
      checkBackends(include, targetPath);
    } else {
      checkDirection(include, from, to);
    }
  }

  private void checkDirection(Include include, String from, String to) {
    int own = LEVELS.getOrDefault(from, 0);
    int other = LEVELS.getOrDefault(to, 0);
    if (to.equals("capi") && own <= other) {
      report(
          include,
          from + " includes capi",
          "Nothing below it may; move what is shared further down");
    } else if (other >= own) {
      report(
          include,
          from + " (level " + own + ") includes " + to + " (level " + other + ")",
          "Includes go to strictly lower levels; turn the dependency round or move the code down");
    } else if (own < CHOOSES_BACKENDS
        && !(from.equals("volume") && to.equals("transport"))
        && !backend("native/src/" + include.target).isEmpty()) {
      report(
          include,
          from + " names the backend " + to + "/" + backend("native/src/" + include.target),
          "Only capi and what stands on it choose one; take the interface at the room's top");
    }
  }

  private void checkBackends(Include include, String targetPath) {
    String own = backend(include.file.path());
    String other = backend(targetPath);
    if (!other.isEmpty() && !other.equals(own)) {
      String who = own.isEmpty() ? "the room's top" : "the backend " + own;
      report(
          include,
          who + " includes the backend " + other,
          "A backend is known to itself only; put what is shared at the room's top");
    }
  }

  private void report(Include include, String rule, String wayOut) {
    findings.add(new Finding(include.file.path(), include.line, rule, wayOut));
  }

  private static boolean inFolder(SourceFile file, String folder) {
    return file.path().startsWith(folder + "/");
  }

  /** The room of a path: the folder below native/src, or below native. */
  static String room(String path) {
    String rest = path.replaceFirst("^native/(src/)?", "");
    return rest.contains("/") ? rest.substring(0, rest.indexOf('/')) : "";
  }

  /** The folder below the room; empty at the room's top. */
  private static String backend(String path) {
    String rest = path.replaceFirst("^native/(src/)?[^/]+/", "");
    return rest.contains("/") ? rest.substring(0, rest.indexOf('/')) : "";
  }
}
