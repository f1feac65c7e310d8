package dev.windlass.memory;

import dev.windlass.bindings.EndingMemory;
import java.lang.foreign.MemorySegment;

/**
 * Memory of the library's for as long as it is there, as Java touches it: a segment, and what ends
 * it. Of a region, from one resume to the next pause; of a backup, while it keeps an image.
 */
final class Activation {
  private final EndingMemory memory = new EndingMemory();
  private final MemorySegment segment;

  Activation(long address, long sizeBytes) {
    segment = memory.view(address, sizeBytes);
  }

  MemorySegment segment() {
    return segment;
  }

  /**
   * Makes every use of the segment throw, from now on; false, and without effect, where it is being
   * used this moment.
   */
  boolean end() {
    return memory.end();
  }
}
