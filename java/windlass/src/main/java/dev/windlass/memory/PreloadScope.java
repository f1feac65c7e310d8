package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.PreloadAbi;

/**
 * A stretch of one platform thread's work in which what native code allocates through {@code
 * cudaMalloc} is as {@linkplain Preload#scope its settings} say. Closing it, in the thread that
 * entered it and innermost first, restores what was around. One that is not closed ends with its
 * thread.
 */
public final class PreloadScope implements AutoCloseable {
  private final long number;
  private final Thread thread;

  /** Confined to the thread. */
  private boolean closed;

  PreloadScope(long number, Thread thread) {
    this.number = number;
    this.thread = thread;
  }

  /**
   * @throws IllegalStateException in another thread than the one that entered it, or where it is
   *     not the innermost there
   */
  @Override
  public void close() {
    if (!thread.equals(Thread.currentThread())) {
      throw new IllegalStateException(
          "A scope is closed in the thread that entered it, which is " + thread.getName() + ".");
    }
    if (closed) {
      return;
    }
    try (NativeCall call = NativeCall.openPreloaded(WindlassException::of)) {
      call.check(PreloadAbi.wl_preload_scope_leave(number, call.error()));
      closed = true;
    } catch (WindlassException failure) {
      if (failure.status() == Status.STATE) {
        throw new IllegalStateException(failure.getMessage(), failure);
      }
      throw failure;
    }
  }
}
