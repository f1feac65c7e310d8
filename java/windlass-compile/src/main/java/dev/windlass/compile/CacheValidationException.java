package dev.windlass.compile;

import dev.windlass.Status;

/** A setting, a path or an archive did not pass a check. */
public class CacheValidationException extends CacheException {
  private static final long serialVersionUID = 1;

  public CacheValidationException(String reason) {
    super(Status.INVALID_ARGUMENT, reason);
  }

  public CacheValidationException(Status status, String reason) {
    super(status, reason);
  }
}
