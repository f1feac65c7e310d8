package dev.windlass.tidy;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What holds for every text file, whatever its language. */
final class TextRules {
  /** Hosts of package registries; in two parts, so that this file may be checked as well. */
  private static final List<String> REGISTRIES =
      List.of(
          "repo." + "maven.apache.org",
          "repo1." + "maven.org",
          "repository." + "apache.org",
          "oss." + "sonatype.org",
          "plugins." + "gradle.org",
          "deb." + "debian.org",
          "security." + "debian.org",
          "archive." + "ubuntu.com",
          "registry." + "npmjs.org",
          "registry." + "yarnpkg.com",
          "pypi." + "org",
          "files." + "pythonhosted.org",
          "static." + "crates.io",
          "index." + "crates.io",
          "proxy." + "golang.org");

  /** What the README shows, each in a block of its own language. */
  private static final List<String> SAMPLES = List.of("java", "cpp");

  private TextRules() {}

  static List<Finding> check(SourceTree tree) {
    List<Finding> findings = new ArrayList<>();
    tree.files()
        .filter(file -> !file.isGenerated())
        .forEach(
            file -> {
              checkWhole(file, findings);
              checkLines(file, findings);
            });
    return findings;
  }

  /** The README has a sample in each language, and names both commands. */
  static List<Finding> checkReadme(SourceFile readme) {
    List<Finding> findings = new ArrayList<>();
    for (String language : SAMPLES) {
      if (!Pattern.compile("(?ms)^```" + language + "\\n.+?^```$").matcher(readme.text()).find()) {
        report(
            findings,
            readme,
            1,
            "the README has no sample in " + language,
            "Show one, between ```" + language + " and ```");
      }
    }
    for (String command : List.of("./windlass demo", "./windlass test")) {
      if (!readme.text().contains(command)) {
        report(findings, readme, 1, "the README does not say " + command, "Name the command");
      }
    }
    return findings;
  }

  private static void checkWhole(SourceFile file, List<Finding> findings) {
    String text = file.text();
    int lastLine = Math.max(1, file.lines().size());
    if (text.contains("\r")) {
      report(
          findings,
          file,
          file.lineOf(text.indexOf('\r')),
          "a carriage return",
          "End lines with LF");
    }
    if (!text.isEmpty() && !text.endsWith("\n")) {
      report(findings, file, lastLine, "the last line has no end", "End the file with LF");
    }
    if (text.endsWith("\n\n")) {
      report(findings, file, lastLine, "the file ends with an empty line", "Take it out");
    }
    if (text.contains("\uFFFD")) {
      report(findings, file, file.lineOf(text.indexOf('\uFFFD')), "not UTF-8", "Save it as UTF-8");
    }
  }

  private static void checkLines(SourceFile file, List<Finding> findings) {
    List<String> lines = file.lines();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (!line.isEmpty() && Character.isWhitespace(line.charAt(line.length() - 1))) {
        report(findings, file, i + 1, "blanks at the line's end", "Take them out");
      }
      if (line.indexOf('\t') >= 0) {
        report(findings, file, i + 1, "a tab", "Indent with blanks");
      }
      for (String host : REGISTRIES) {
        if (line.contains(host)) {
          report(
              findings,
              file,
              i + 1,
              "the registry " + host + " is named",
              "Leave it to the configuration of the machine, which may have a mirror");
        }
      }
    }
  }

  private static void report(
      List<Finding> findings, SourceFile file, int line, String rule, String wayOut) {
    findings.add(new Finding(file.path(), line, rule, wayOut));
  }
}
