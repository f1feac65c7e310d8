package dev.windlass.compile;

import dev.windlass.Status;
import java.util.function.Consumer;

/** Tells a listener how far an operation is, and stops it where its thread was interrupted. */
final class Watch {
  private final Consumer<CacheProgress> listener;

  Watch(Consumer<CacheProgress> listener) {
    this.listener = listener;
  }

  void at(CacheProgress.Phase phase, long doneBytes, long totalBytes) {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted();
    }
    listener.accept(new CacheProgress(phase, doneBytes, totalBytes));
  }

  static CacheOperationInterruptedException interrupted() {
    return new CacheOperationInterruptedException(
        Status.STATE, "The thread was interrupted; what was begun was taken back.", null);
  }
}
