package dev.windlass.store;

import java.time.Duration;
import java.util.OptionalLong;

/** When something that takes several calls has to be done. */
final class TimeLimit {
  private final long end;
  private final long begin = System.nanoTime();

  TimeLimit(Duration limit) {
    // Beyond half of what a long counts, differences of times are no more what they seem.
    end = begin + Math.min(Durations.nanos(limit), Long.MAX_VALUE / 2);
  }

  boolean isOver() {
    return System.nanoTime() - end >= 0;
  }

  /** What is left for the next call: at least the least there is, since 0 is no limit. */
  OptionalLong leftNs() {
    return OptionalLong.of(Math.max(1, end - System.nanoTime()));
  }

  Duration left() {
    return Duration.ofNanos(Math.max(1, end - System.nanoTime()));
  }
}
