package dev.windlass.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The time from one resume of a region to its next pause, as far as Java touches the memory: a
 * segment, and the arena that ends it.
 *
 * <p>The arena is shared, since any thread may use the segment. Closing it costs tens of
 * microseconds; it happens once per pause.
 */
final class Activation {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;

  @SuppressWarnings("restricted")
  Activation(long address, long sizeBytes) {
    segment = MemorySegment.ofAddress(address).reinterpret(sizeBytes, arena, null);
  }

  MemorySegment segment() {
    return segment;
  }

  /**
   * Makes every use of the segment throw, from now on; false, and without effect, where it is being
   * used this moment.
   */
  boolean end() {
    try {
      arena.close();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
