package dev.windlass.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of the library's for as long as it is there, as Java touches it: a segment, and the arena
 * that ends it. Of a region, from one resume to the next pause; of a backup, while it keeps an
 * image.
 *
 * <p>The arena is shared, since any thread may use the segment. Closing it costs tens of
 * microseconds; it happens once per pause or resume.
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
