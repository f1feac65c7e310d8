package dev.windlass.compile;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The monotonic clock of this process, and waiting by it. No decision is made by the clock on the
 * wall: it jumps, and another host has another.
 */
interface Ticker {
  long nanoTime();

  /** Waits. */
  void await(long nanos) throws InterruptedException;

  /** That of the system. */
  static Ticker system() {
    return new Ticker() {
      @Override
      public long nanoTime() {
        return System.nanoTime();
      }

      @Override
      public void await(long nanos) throws InterruptedException {
        // Nothing tells this process what another host does: there is only looking again.
        boolean opened = new CountDownLatch(1).await(nanos, TimeUnit.NANOSECONDS);
        assert !opened;
      }
    };
  }
}
