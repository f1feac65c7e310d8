package dev.windlass.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that ends when its owner says so: every use of its segments throws from then on.
 *
 * <p>Any thread may use the segments, so the arena behind them is a shared one, which takes tens of
 * microseconds to close. This is the one place that has one.
 */
public final class EndingMemory {
  private final Arena arena = Arena.ofShared();

  /** What the library has at this address, for as long as this is there. */
  @SuppressWarnings("restricted")
  public MemorySegment view(long address, long sizeBytes) {
    return MemorySegment.ofAddress(address).reinterpret(sizeBytes, arena, null);
  }

  /** Zeroed memory, which is freed at the end. */
  public MemorySegment allocate(long sizeBytes, long alignment) {
    return arena.allocate(sizeBytes, alignment);
  }

  /**
   * Makes every use of the segments throw, from now on; false, and without effect, where one is
   * being used this moment.
   */
  public boolean end() {
    try {
      arena.close();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
