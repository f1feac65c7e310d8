package dev.windlass.cli;

import dev.windlass.memory.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/**
 * Numbers like those of a model: bfloat16, normally distributed. One block of them is written over
 * and over, each time with its place at the start, so that a block in the wrong place is found.
 *
 * <p>Not thread-safe.
 */
final class Weights {
  private static final int BLOCK_BYTES = 8 << 20;
  private static final long SEED = 20_250_916;
  private static final double SPREAD = 0.02;

  private final byte[] block = new byte[BLOCK_BYTES];
  private final byte[] back = new byte[BLOCK_BYTES];
  private final MemorySegment blockSegment = MemorySegment.ofArray(block);
  private final MemorySegment backSegment = MemorySegment.ofArray(back);

  Weights() {
    Random random = new Random(SEED);
    for (int offset = 0; offset < BLOCK_BYTES; offset += Short.BYTES) {
      float weight = (float) (random.nextGaussian() * SPREAD);
      short bits = (short) (Float.floatToRawIntBits(weight) >>> 16);
      blockSegment.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, bits);
    }
  }

  void fill(Region region) {
    for (long offset = 0; offset < region.sizeBytes(); offset += BLOCK_BYTES) {
      region.write(offset, blockAt(region, offset));
    }
  }

  /** The offset of the first block that is not what was written, or -1. */
  long firstDifference(Region region) {
    for (long offset = 0; offset < region.sizeBytes(); offset += BLOCK_BYTES) {
      MemorySegment expected = blockAt(region, offset);
      MemorySegment found = backSegment.asSlice(0, expected.byteSize());
      region.read(offset, found);
      if (expected.mismatch(found) >= 0) {
        return offset;
      }
    }
    return -1;
  }

  private MemorySegment blockAt(Region region, long offset) {
    blockSegment.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, offset);
    return blockSegment.asSlice(0, Math.min(BLOCK_BYTES, region.sizeBytes() - offset));
  }
}
