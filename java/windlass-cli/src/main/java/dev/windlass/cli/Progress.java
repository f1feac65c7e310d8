package dev.windlass.cli;

import java.util.Locale;

/**
 * One step that takes a while: a bar that fills on a terminal, one line when it is done elsewhere.
 *
 * <p>Confined to the thread that works.
 */
final class Progress {
  private static final int BAR_WIDTH = 30;
  private static final int NAME_WIDTH = 22;
  static final String ERASE_LINE = "\r\033[K";

  private final Terminal terminal;
  private final String name;
  private final long total;
  private int shownPercent = -1;

  /** Begins the step; total is the work that {@link #update} counts up to. */
  Progress(Terminal terminal, String name, long total) {
    this.terminal = terminal;
    this.name = name;
    this.total = total;
    update(0);
  }

  /** Says how much is done. */
  void update(long done) {
    int percent = total <= 0 ? 0 : (int) (100.0 * Math.min(done, total) / total);
    if (!terminal.interactive() || percent == shownPercent) {
      return;
    }
    shownPercent = percent;
    int filled = BAR_WIDTH * percent / 100;
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "%s%s [%s%s] %3d %%",
            ERASE_LINE,
            padded(),
            "#".repeat(filled),
            ".".repeat(BAR_WIDTH - filled),
            percent);
    terminal.out().flush();
  }

  /** Ends the step with what came of it. */
  void finish(String result) {
    String line = padded() + " " + result;
    terminal.out().println(terminal.interactive() ? ERASE_LINE + line : line);
    terminal.out().flush();
  }

  private String padded() {
    return String.format(Locale.ROOT, "%-" + NAME_WIDTH + "s", name);
  }
}
