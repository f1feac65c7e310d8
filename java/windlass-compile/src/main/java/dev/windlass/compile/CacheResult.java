package dev.windlass.compile;

/**
 * What became of an operation, and why.
 *
 * @param reason a sentence: what happened, to what, and what to do if something is to be done
 * @param bytes that were moved: of the files, for a load, a save or a clearing; 0 if none
 * @param seconds it took
 * @param key the key's name; empty where the operation has none, or did not come so far
 */
public record CacheResult(
    CacheStatus status, String reason, long bytes, double seconds, String key) {

  /** Whether it was done. */
  public boolean succeeded() {
    return status == CacheStatus.SUCCESS;
  }

  /** Whether it failed. */
  public boolean failed() {
    return status == CacheStatus.ERROR;
  }
}
