package dev.windlass.tidy;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import java.util.stream.Collectors;

/** What a rule found: where, which rule it breaks, and the way out. */
record Finding(String path, int line, String rule, String wayOut) {

  @Override
  public String toString() {
    return path + ":" + line + ": " + rule + ". " + wayOut + ".";
  }

  /** Fails the running test with every finding, one to a line. */
  static void assertNone(List<Finding> findings) {
    if (!findings.isEmpty()) {
      fail(
          findings.size()
              + " finding(s):\n"
              + findings.stream().map(Finding::toString).collect(Collectors.joining("\n")));
    }
  }

  /** For self-tests: fails unless a finding at this place speaks of this. */
  static void assertFound(List<Finding> findings, String path, int line, String part) {
    assertTrue(
        findings.stream()
            .anyMatch(f -> f.path.equals(path) && f.line == line && f.toString().contains(part)),
        () -> "no finding at " + path + ":" + line + " says \"" + part + "\", only " + findings);
  }
}
