package dev.windlass.cli;

import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/**
 * Pseudo-random bytes that can be made again from their seed, so that every byte of a region can be
 * checked.
 *
 * <p>Not thread-safe.
 */
final class Pattern {
  private static final int BLOCK_LONGS = 1 << 17;
  private static final long BLOCK_BYTES = (long) BLOCK_LONGS * Long.BYTES;
  private static final long GOLDEN_RATIO = 0x9e3779b97f4a7c15L;

  private final long seed;
  private final long[] block = new long[BLOCK_LONGS];
  private final MemorySegment blockSegment = MemorySegment.ofArray(block);

  Pattern(long seed) {
    this.seed = seed;
  }

  /** Fills the segment and returns the CRC-32C of what then stands in it. */
  long fill(MemorySegment segment, LongConsumer progress) {
    CRC32C checksum = new CRC32C();
    for (long offset = 0; offset < segment.byteSize(); offset += BLOCK_BYTES) {
      MemorySegment part = part(segment, offset);
      generate(offset);
      MemorySegment.copy(blockSegment, 0, part, 0, part.byteSize());
      checksum.update(part.asByteBuffer());
      progress.accept(offset + part.byteSize());
    }
    return checksum.getValue();
  }

  /**
   * Compares every byte of the segment with the pattern.
   *
   * @return the offset of the first byte that differs, or -1 if none does
   */
  long firstDifference(MemorySegment segment, LongConsumer progress) {
    for (long offset = 0; offset < segment.byteSize(); offset += BLOCK_BYTES) {
      MemorySegment part = part(segment, offset);
      generate(offset);
      long difference = part.mismatch(blockSegment.asSlice(0, part.byteSize()));
      if (difference >= 0) {
        return offset + difference;
      }
      progress.accept(offset + part.byteSize());
    }
    return -1;
  }

  /** The CRC-32C of the segment. */
  static long checksum(MemorySegment segment) {
    CRC32C checksum = new CRC32C();
    for (long offset = 0; offset < segment.byteSize(); offset += BLOCK_BYTES) {
      checksum.update(part(segment, offset).asByteBuffer());
    }
    return checksum.getValue();
  }

  private static MemorySegment part(MemorySegment segment, long offset) {
    return segment.asSlice(offset, Math.min(BLOCK_BYTES, segment.byteSize() - offset));
  }

  /** Makes the block that stands at offset: SplitMix64, counted from there. */
  private void generate(long offset) {
    long state = seed + offset * GOLDEN_RATIO;
    for (int index = 0; index < BLOCK_LONGS; index++) {
      state += GOLDEN_RATIO;
      long mixed = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
      mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
      block[index] = mixed ^ (mixed >>> 31);
    }
  }
}
