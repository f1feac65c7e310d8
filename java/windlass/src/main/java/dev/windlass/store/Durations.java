package dev.windlass.store;

import java.time.Duration;
import java.util.Objects;

/** Time limits as the library takes them. */
final class Durations {
  private Durations() {}

  static void requirePositive(Duration timeout, String name) {
    if (Objects.requireNonNull(timeout, name).isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException(name + " is more than no time, not " + timeout + ".");
    }
  }

  /** In nanoseconds; what is longer than a long holds is as long as that. */
  static long nanos(Duration timeout) {
    try {
      return timeout.toNanos();
    } catch (ArithmeticException endless) {
      return Long.MAX_VALUE;
    }
  }
}
