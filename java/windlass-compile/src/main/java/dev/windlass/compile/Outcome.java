package dev.windlass.compile;

/** What became of an operation, before it is known how long it took. */
record Outcome(CacheStatus status, String reason, long bytes) {
  static Outcome success(String reason, long bytes) {
    return new Outcome(CacheStatus.SUCCESS, reason, bytes);
  }

  static Outcome skipped(String reason) {
    return new Outcome(CacheStatus.SKIPPED, reason, 0);
  }

  static Outcome doesNotExist(String reason) {
    return new Outcome(CacheStatus.DOES_NOT_EXIST, reason, 0);
  }
}
