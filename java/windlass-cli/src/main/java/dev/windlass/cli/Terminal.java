package dev.windlass.cli;

import java.io.Console;
import java.io.PrintStream;

/**
 * Where output goes and what it can do there.
 *
 * @param columns how many characters fit on a line
 * @param interactive whether somebody looks on, so that a line may be drawn over
 */
record Terminal(PrintStream out, PrintStream err, int columns, boolean interactive) {
  private static final int NARROWEST = 40;
  private static final int USUAL = 100;

  /** This process's standard output and error. The script passes the width as {@code COLUMNS}. */
  @SuppressWarnings(
      "SystemConsoleNull") // JDK 25 does return null where input or output is redirected.
  static Terminal standard() {
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    boolean dumb = "dumb".equals(System.getenv("TERM"));
    int columns = columns(System.getenv().getOrDefault("COLUMNS", ""));
    return new Terminal(System.out, System.err, columns, terminal && !dumb);
  }

  /** A width from the environment, or the usual one where that is none. */
  static int columns(String text) {
    try {
      return Math.max(NARROWEST, Integer.parseInt(text.strip()));
    } catch (NumberFormatException none) {
      return USUAL;
    }
  }
}
