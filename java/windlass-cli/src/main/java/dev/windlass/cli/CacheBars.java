package dev.windlass.cli;

import dev.windlass.compile.CacheProgress;
import org.jspecify.annotations.Nullable;

/**
 * The progress of an operation on the compile cache, a bar for each of its phases; nothing where
 * nobody looks on. Confined to the thread that works.
 */
final class CacheBars {
  private final Terminal terminal;
  private final boolean shown;
  private @Nullable Progress bar;
  private CacheProgress.@Nullable Phase phase;
  private long total;

  CacheBars(Terminal terminal, boolean wanted) {
    this.terminal = terminal;
    this.shown = wanted && terminal.interactive();
  }

  void update(CacheProgress progress) {
    if (!shown) {
      return;
    }
    if (bar == null || progress.phase() != phase || progress.totalBytes() != total) {
      phase = progress.phase();
      total = progress.totalBytes();
      bar = new Progress(terminal, title(progress.phase()), total);
    }
    bar.update(progress.doneBytes());
  }

  /** Takes the bar away. */
  void finish() {
    if (bar != null) {
      terminal.out().print(Progress.ERASE_LINE);
      terminal.out().flush();
      bar = null;
    }
  }

  private static String title(CacheProgress.Phase phase) {
    return switch (phase) {
      case WAITING -> "Waiting for others";
      case UNPACKING -> "Unpacking";
      case EXTRACTING -> "Extracting";
      case ARCHIVING -> "Archiving";
      case COPYING -> "Copying";
      case CHECKING -> "Checking";
    };
  }
}
