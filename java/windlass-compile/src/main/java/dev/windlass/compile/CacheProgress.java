package dev.windlass.compile;

/**
 * How far an operation is.
 *
 * @param totalBytes 0 while it is not known
 */
public record CacheProgress(Phase phase, long doneBytes, long totalBytes) {
  /** What it is at. */
  public enum Phase {
    WAITING,
    UNPACKING,
    EXTRACTING,
    ARCHIVING,
    COPYING,
    CHECKING
  }
}
