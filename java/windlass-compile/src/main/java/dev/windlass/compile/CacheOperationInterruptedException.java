package dev.windlass.compile;

import dev.windlass.Status;
import org.jspecify.annotations.Nullable;

/**
 * An operation was stopped before its end, and has cleaned up: room ran low (the status is
 * NO_SPACE), or its thread was interrupted (STATE).
 */
public class CacheOperationInterruptedException extends CacheException {
  private static final long serialVersionUID = 1;

  public CacheOperationInterruptedException(
      Status status, String reason, @Nullable Throwable cause) {
    super(status, reason, cause);
  }
}
