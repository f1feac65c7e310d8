package dev.windlass.support;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Bytes that a seed determines. */
public final class Bytes {
  private Bytes() {}

  /** Fills whole longs; the rest is left as it is. */
  public static void fill(MemorySegment segment, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (long at = 0; at + Long.BYTES <= segment.byteSize(); at += Long.BYTES) {
      segment.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
    }
  }

  public static byte[] of(int size, long seed) {
    byte[] bytes = new byte[size];
    fill(MemorySegment.ofArray(bytes), seed);
    return bytes;
  }

  /** Where the segment first differs from what {@link #fill} writes, or -1. */
  public static long firstDifference(MemorySegment segment, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (long at = 0; at + Long.BYTES <= segment.byteSize(); at += Long.BYTES) {
      if (segment.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != random.nextLong()) {
        return at;
      }
    }
    return -1;
  }
}
