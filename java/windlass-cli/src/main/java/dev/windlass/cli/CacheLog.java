package dev.windlass.cli;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * What the compile cache logs, as lines for people: its warnings only, since results are told
 * anyway. As it was when it is closed.
 */
final class CacheLog implements AutoCloseable {
  private final Logger logger = Logger.getLogger("dev.windlass.compile");
  private final boolean before = logger.getUseParentHandlers();
  private final Handler handler;

  CacheLog(Terminal terminal) {
    handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            if (entry.getLevel().equals(Level.WARNING)) {
              terminal.err().println("windlass: " + entry.getMessage());
            }
          }

          @Override
          public void flush() {
            terminal.err().flush();
          }

          @Override
          public void close() {}
        };
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(before);
  }
}
