package dev.windlass;

import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_log_options;
import dev.windlass.bindings.wl_log_record;
import java.lang.System.Logger;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A thread that reads the native log and writes what it reads to a logger.
 *
 * <p>It is a platform thread, because it spends its life waiting inside the library. The waits are
 * bounded, although closing the log ends them, so that no thread is lost should the log ever say
 * nothing.
 */
final class LogForwarder implements AutoCloseable {
  private static final Duration WAIT = Duration.ofSeconds(1);

  private final Logger logger = System.getLogger("dev.windlass.native");
  private final AtomicBoolean closed = new AtomicBoolean();
  private final long log;
  private final Thread thread;

  private LogForwarder() {
    log = open();
    thread = Thread.ofPlatform().daemon().name("windlass-log").unstarted(this::forwardUntilClosed);
  }

  static LogForwarder start() {
    LogForwarder forwarder = new LogForwarder();
    forwarder.thread.start();
    return forwarder;
  }

  private long open() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(wl_log_options.layout(), WindlassAbi::wl_log_options_init);
      if (logger.isLoggable(Logger.Level.DEBUG)) {
        wl_log_options.level(options, WindlassAbi.WL_LOG_DEBUG());
      }
      MemorySegment handle = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_log_open(options, handle, call.error()));
      return handle.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private void forwardUntilClosed() {
    while (!closed.get()) {
      forward(WAIT);
    }
  }

  /** Passes lines on until none comes within the time, or the log is closed. */
  private void forward(Duration wait) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment line = call.allocate(wl_log_record.layout(), WindlassAbi::wl_log_record_init);
      while (true) {
        int status = WindlassAbi.wl_log_read(log, wait.toNanos(), line, call.error());
        if (status == WindlassAbi.WL_STATUS_TIMEOUT()
            || status == WindlassAbi.WL_STATUS_STALE_HANDLE()) {
          return;
        }
        call.check(status);
        pass(line);
      }
    }
  }

  private void pass(MemorySegment line) {
    long dropped = wl_log_record.dropped(line);
    if (dropped > 0) {
      logger.log(Logger.Level.WARNING, "{0} lines of the native log were lost", dropped);
    }
    String text =
        wl_log_record.source(line).getString(0) + ": " + wl_log_record.message(line).getString(0);
    logger.log(level(wl_log_record.level(line)), text);
  }

  private static Logger.Level level(int level) {
    if (level == WindlassAbi.WL_LOG_ERROR()) {
      return Logger.Level.ERROR;
    }
    if (level == WindlassAbi.WL_LOG_WARNING()) {
      return Logger.Level.WARNING;
    }
    return level == WindlassAbi.WL_LOG_INFO() ? Logger.Level.INFO : Logger.Level.DEBUG;
  }

  /** Passes on what was written until now, then ends the thread. */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    forward(Duration.ZERO);
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_log_close(log, call.error()));
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
