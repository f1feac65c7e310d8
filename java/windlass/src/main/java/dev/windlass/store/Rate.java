package dev.windlass.store;

/** How fast bytes moved. */
final class Rate {
  private Rate() {}

  /** A byte per nanosecond is a gigabyte per second; 0 where no time was measured. */
  static double gigabytesPerSecond(long bytes, long nanos) {
    return nanos <= 0 ? 0 : (double) bytes / nanos;
  }
}
