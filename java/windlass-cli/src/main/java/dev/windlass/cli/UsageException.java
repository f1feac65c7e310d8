package dev.windlass.cli;

/** The command line was called wrongly; the message says how it should have been. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
