package dev.windlass.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Conversion of floating tensors, block by block: each block becomes the bits of floats, and those
 * the target. The blocks are arrays that stay in the processor's nearest cache. What loops over
 * them is in {@link CastLoops}.
 */
final class Casts {
  private static final int BLOCK = 2048;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int[] bits = new int[BLOCK];
  private final float[] floats = new float[BLOCK];
  private final MemorySegment bitsMemory = MemorySegment.ofArray(bits);
  private final MemorySegment floatsMemory = MemorySegment.ofArray(floats);
  private final short[] shorts = new short[BLOCK];
  private final byte[] bytes;
  private final double[] doubles;

  private Casts(DType from, DType to) {
    bytes = new byte[from.bits() == 8 || to.bits() == 8 ? BLOCK : 0];
    doubles = new double[from.bits() == 64 || to.bits() == 64 ? BLOCK : 0];
  }

  /** Throws unless both are floating. */
  static void check(DType from, DType to) {
    if (!from.isFloating() || !to.isFloating()) {
      throw new IllegalArgumentException(
          "%s cannot be cast to %s: only floating types are cast.".formatted(from, to));
    }
  }

  /** Converts one whole tensor into another with as many elements. */
  static void run(Tensor from, Tensor to) {
    if (from.dtype() == to.dtype()) {
      to.data().copyFrom(from.data());
      return;
    }
    Casts casts = new Casts(from.dtype(), to.dtype());
    long elements = from.shape().elements();
    for (long at = 0; at < elements; at += BLOCK) {
      int count = (int) Math.min(BLOCK, elements - at);
      casts.load(from, at, count, to.dtype() == DType.F32);
      casts.store(to, at, count);
    }
  }

  static void toFloats(Tensor from, float[] values) {
    MemorySegment memory = MemorySegment.ofArray(values);
    Casts casts = new Casts(from.dtype(), DType.F32);
    for (int at = 0; at < values.length; at += BLOCK) {
      int count = Math.min(BLOCK, values.length - at);
      casts.load(from, at, count, true);
      MemorySegment.copy(casts.bitsMemory, 0, memory, at * 4L, count * 4L);
    }
  }

  /**
   * Loads elements as the bits of floats.
   *
   * @param last floats are what is wanted, so that doubles are rounded to the nearest
   */
  private void load(Tensor from, long at, int count, boolean last) {
    MemorySegment data = from.data();
    switch (from.dtype()) {
      case F32 -> MemorySegment.copy(data, INT, at * 4, bits, 0, count);
      case F64 -> {
        MemorySegment.copy(data, DOUBLE, at * 8, doubles, 0, count);
        if (last) {
          CastLoops.doublesToFloats(doubles, floats, count);
        } else {
          CastLoops.doublesToFloatsOdd(doubles, floats, count);
        }
        floatsToBits(count);
      }
      case F16 -> {
        MemorySegment.copy(data, SHORT, at * 2, shorts, 0, count);
        halvesToBits(1, count);
      }
      case BF16 -> {
        MemorySegment.copy(data, SHORT, at * 2, shorts, 0, count);
        CastLoops.bfloat16ToBits(shorts, bits, count);
      }
      case F8_E4M3 -> {
        MemorySegment.copy(data, BYTE, at, bytes, 0, count);
        CastLoops.e4m3ToHalves(bytes, shorts, count);
        halvesToBits(FloatFormat.E4M3_SCALE, count);
      }
      case F8_E5M2 -> {
        MemorySegment.copy(data, BYTE, at, bytes, 0, count);
        CastLoops.e5m2ToHalves(bytes, shorts, count);
        halvesToBits(1, count);
      }
      default -> throw new AssertionError(from.dtype());
    }
  }

  private void store(Tensor to, long at, int count) {
    MemorySegment data = to.data();
    switch (to.dtype()) {
      case F32 -> MemorySegment.copy(bits, 0, data, INT, at * 4, count);
      case F64 -> {
        bitsToFloats(count);
        CastLoops.floatsToDoubles(floats, doubles, count);
        MemorySegment.copy(doubles, 0, data, DOUBLE, at * 8, count);
      }
      case F16 -> {
        bitsToFloats(count);
        CastLoops.floatsToHalves(floats, shorts, count);
        MemorySegment.copy(shorts, 0, data, SHORT, at * 2, count);
      }
      case BF16 -> {
        CastLoops.bitsToBfloat16(bits, shorts, count);
        MemorySegment.copy(shorts, 0, data, SHORT, at * 2, count);
      }
      case F8_E4M3 -> {
        CastLoops.bitsToE4m3(bits, bytes, count);
        MemorySegment.copy(bytes, 0, data, BYTE, at, count);
      }
      case F8_E5M2 -> {
        CastLoops.bitsToE5m2(bits, bytes, count);
        MemorySegment.copy(bytes, 0, data, BYTE, at, count);
      }
      default -> throw new AssertionError(to.dtype());
    }
  }

  private void halvesToBits(float scale, int count) {
    CastLoops.halvesToFloats(shorts, scale, floats, count);
    floatsToBits(count);
  }

  private void floatsToBits(int count) {
    MemorySegment.copy(floatsMemory, 0, bitsMemory, 0, count * 4L);
  }

  private void bitsToFloats(int count) {
    MemorySegment.copy(bitsMemory, 0, floatsMemory, 0, count * 4L);
  }
}
