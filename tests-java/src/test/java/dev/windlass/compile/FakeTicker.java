package dev.windlass.compile;

import java.time.Duration;

/** A clock that moves when it is told to, or when somebody waits by it. */
final class FakeTicker implements Ticker {
  private long now = 1;
  private Runnable whileWaiting = () -> {};

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void await(long nanos) {
    now += nanos;
    whileWaiting.run();
  }

  void pass(Duration time) {
    now += time.toNanos();
  }

  void whileWaiting(Runnable action) {
    whileWaiting = action;
  }
}
