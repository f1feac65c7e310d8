package dev.windlass;

/**
 * The library could not do what was asked. The status says what to make of it; the message names
 * the object and the way out.
 *
 * <p>Misuse that can be seen without the library is an {@link IllegalArgumentException} or {@link
 * IllegalStateException} instead.
 */
public class WindlassException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status status;
  private final int systemCode;

  public WindlassException(Status status, int systemCode, String message) {
    super(status + ": " + message);
    this.status = status;
    this.systemCode = systemCode;
  }

  /** The exception for a status of the C interface. */
  public static WindlassException of(int status, int systemCode, String message) {
    return new WindlassException(Status.of(status), systemCode, message);
  }

  public Status status() {
    return status;
  }

  /** The operating system's or the driver's code, or 0. */
  public int systemCode() {
    return systemCode;
  }
}
