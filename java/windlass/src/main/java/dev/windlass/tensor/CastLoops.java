package dev.windlass.tensor;

/**
 * The loops of casts, over the first elements of arrays.
 *
 * <p>Each is a method of its own, so that it is compiled for itself, and as simple as the compiler
 * wants them that turns them into vectors. It does not with views of floats as their bits, so that
 * no loop has both.
 */
final class CastLoops {
  private CastLoops() {}

  static void doublesToFloats(double[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = (float) from[i];
    }
  }

  static void doublesToFloatsOdd(double[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = FloatFormat.toFloatOdd(from[i]);
    }
  }

  static void floatsToDoubles(float[] from, double[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i];
    }
  }

  static void halvesToFloats(short[] from, float scale, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
    if (scale != 1) {
      for (int i = 0; i < count; i++) {
        to[i] *= scale;
      }
    }
  }

  static void floatsToHalves(float[] from, short[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.floatToFloat16(from[i]);
    }
  }

  static void bfloat16ToBits(short[] from, int[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = FloatFormat.bitsOfBfloat16(from[i]);
    }
  }

  /**
   * Leaves the codes where the bits were, too: in one loop, shifts of ints into shorts use none.
   */
  static void bitsToBfloat16(int[] from, short[] to, int count) {
    for (int i = 0; i < count; i++) {
      from[i] = FloatFormat.toBfloat16(from[i]);
    }
    for (int i = 0; i < count; i++) {
      to[i] = (short) from[i];
    }
  }

  static void e4m3ToHalves(byte[] from, short[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = FloatFormat.halfOfE4m3(from[i]);
    }
  }

  static void e5m2ToHalves(byte[] from, short[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = FloatFormat.halfOfE5m2(from[i]);
    }
  }

  static void bitsToE4m3(int[] from, byte[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = FloatFormat.toE4m3(from[i]);
    }
  }

  static void bitsToE5m2(int[] from, byte[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = FloatFormat.toE5m2(from[i]);
    }
  }
}
