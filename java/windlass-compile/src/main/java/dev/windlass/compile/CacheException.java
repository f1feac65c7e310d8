package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import org.jspecify.annotations.Nullable;

/** An operation on the cache failed. The message says what happened, to what, and the way out. */
public class CacheException extends WindlassException {
  private static final long serialVersionUID = 1;

  private final String reason;
  private final @Nullable Throwable cause;

  public CacheException(Status status, String reason) {
    this(status, reason, null);
  }

  public CacheException(Status status, String reason, @Nullable Throwable cause) {
    super(status, cause instanceof WindlassException inner ? inner.systemCode() : 0, reason);
    this.reason = reason;
    this.cause = cause;
  }

  @Override
  public synchronized @Nullable Throwable getCause() {
    return cause;
  }

  /** The message without the status before it. */
  public String reason() {
    return reason;
  }
}
