package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.List;

/** How long files, functions and lines may be. */
final class LengthRules {
  static final int FILE_LINES = 400;
  static final int HEADER_LINES = 200;
  static final int FUNCTION_LINES = 70;
  static final int COLUMNS = 120;

  private final Ratchet ratchet;
  private final List<Finding> findings = new ArrayList<>();

  private LengthRules(Ratchet ratchet) {
    this.ratchet = ratchet;
  }

  static List<Finding> check(SourceTree tree, Ratchet ratchet) {
    LengthRules rules = new LengthRules(ratchet);
    tree.files()
        .filter(file -> isSource(file) && !file.isGenerated())
        .forEach(
            file -> {
              rules.checkFile(file);
              rules.checkColumns(file);
              if (file.isJava() || file.isNative()) {
                rules.checkFunctions(file);
              }
            });
    rules.findings.addAll(ratchet.leftOver());
    return rules.findings;
  }

  private static boolean isSource(SourceFile file) {
    return file.isJava()
        || file.isNative()
        || List.of("sh", "cmake", "py", "in").contains(file.extension())
        || List.of("CMakeLists.txt", "windlass").contains(file.name());
  }

  private void checkFile(SourceFile file) {
    int limit = file.isHeader() ? HEADER_LINES : FILE_LINES;
    int lines = file.lines().size();
    if (lines > limit && !ratchet.admits(file.path(), lines)) {
      report(
          file,
          limit + 1,
          "the file has " + lines + " lines, and " + limit + " is the limit",
          "Split it by what it is about");
    }
  }

  private void checkFunctions(SourceFile file) {
    for (Functions.Function function : Functions.of(file)) {
      String key = file.path() + "#" + function.name();
      if (function.lines() > FUNCTION_LINES && !ratchet.admits(key, function.lines())) {
        report(
            file,
            function.firstLine(),
            function.name() + " has " + function.lines() + " lines, over " + FUNCTION_LINES,
            "Give its steps names of their own");
      }
    }
  }

  private void checkColumns(SourceFile file) {
    List<String> lines = file.lines();
    for (int i = 0; i < lines.size(); i++) {
      int columns = lines.get(i).codePointCount(0, lines.get(i).length());
      if (columns > COLUMNS) {
        report(
            file,
            i + 1,
            "the line has " + columns + " columns, over " + COLUMNS,
            "Break it; clang-format and Spotless leave long comments and strings to you");
      }
    }
  }

  private void report(SourceFile file, int line, String rule, String wayOut) {
    findings.add(new Finding(file.path(), line, rule, wayOut));
  }
}
