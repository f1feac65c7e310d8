package dev.windlass.tensor;

/**
 * One value to and from the narrow floating formats, by way of the 32-bit one, which has all of
 * theirs, and which is handled as bits wherever that will do. Rounding is to the nearest, halves to
 * even.
 *
 * <p>A double becomes a float first, {@linkplain #toFloatOdd rounded to odd}: where it is inexact,
 * the last bit is set, which stands for whatever was cut off. Since a float has at least two bits
 * more than any of the narrow formats, rounding it again then gives what rounding once would.
 */
final class FloatFormat {
  private static final int INFINITY = 0x7f800000;
  private static final int SIGNIFICAND_BITS = 23;

  /**
   * By what a half of {@link #halfOfE4m3} is too small: the difference of the exponents' biases.
   */
  static final float E4M3_SCALE = 256;

  /**
   * The codes by the upper half of a float, the last bit of which stands for the lower half too.
   */
  private static final byte[] E4M3_CODES = new byte[1 << 16];

  private static final byte[] E5M2_CODES = new byte[1 << 16];

  static {
    for (int upper = 0; upper < 1 << 16; upper++) {
      E4M3_CODES[upper] = (byte) narrow(upper << 16, 3, 7, 0x7e, 0x7f);
      E5M2_CODES[upper] = (byte) narrow(upper << 16, 2, 15, 0x7b, 0x7c);
    }
  }

  private FloatFormat() {}

  static int bitsOfBfloat16(short code) {
    return code << 16;
  }

  /** The code is in the lower half. Without a branch, so that loops over it use vectors. */
  static int toBfloat16(int bits) {
    int rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
    int quiet = (bits >>> 16) | 0x40;
    int ifNaN = (INFINITY - (bits & Integer.MAX_VALUE)) >> 31;
    return (rounded & ~ifNaN) | (quiet & ifNaN);
  }

  /**
   * The number of a code as a half: exact, and to be multiplied by {@link #E4M3_SCALE}. The NaN
   * becomes one by the bit of the exponent that it lacks.
   */
  static short halfOfE4m3(byte code) {
    int magnitude = code & 0x7f;
    int ifNaN = (magnitude + 1) & 0x80;
    return (short) ((code & 0x80) << 8 | (magnitude | ifNaN) << 7);
  }

  static byte toE4m3(int bits) {
    return E4M3_CODES[upperWithRest(bits)];
  }

  /** The number of a code as a half, of which it is the upper byte. */
  static short halfOfE5m2(byte code) {
    return (short) (code << 8);
  }

  static byte toE5m2(int bits) {
    return E5M2_CODES[upperWithRest(bits)];
  }

  /** The upper half of the bits, its last one set if there is anything in the lower half. */
  private static int upperWithRest(int bits) {
    return (bits >>> 16) | (((bits & 0xffff) + 0xffff) >>> 16);
  }

  /** A double as a float whose last bit is set if it is not exactly the double. */
  static float toFloatOdd(double value) {
    float nearest = (float) value;
    if (nearest == value || Double.isNaN(value)) {
      return nearest;
    }
    int bits = Float.floatToRawIntBits(nearest);
    if (Math.abs((double) nearest) > Math.abs(value)) {
      bits--;
    }
    return Float.intBitsToFloat(bits | 1);
  }

  /**
   * The code of eight bits for the bits of a float.
   *
   * @param largest the code of the largest number
   * @param overflow the code of what is larger, and of infinity
   */
  private static int narrow(int bits, int mantissaBits, int bias, int largest, int overflow) {
    int sign = (bits >>> 24) & 0x80;
    int magnitude = bits & Integer.MAX_VALUE;
    if (magnitude > INFINITY) {
      return sign | 0x7f;
    }
    if (magnitude == INFINITY) {
      return sign | overflow;
    }
    int exponent = Math.max(magnitude >>> SIGNIFICAND_BITS, 1) - 127;
    int significand = magnitude & ((1 << SIGNIFICAND_BITS) - 1);
    if (magnitude >>> SIGNIFICAND_BITS != 0) {
      significand |= 1 << SIGNIFICAND_BITS;
    }
    int least = 1 - bias;
    int shift = SIGNIFICAND_BITS - mantissaBits + Math.max(0, least - exponent);
    if (shift > SIGNIFICAND_BITS + 1) {
      return sign;
    }
    int code = significand >> shift;
    int rest = significand - (code << shift);
    int half = 1 << (shift - 1);
    if (rest > half || (rest == half && (code & 1) != 0)) {
      code++;
    }
    code += Math.max(0, exponent - least) << mantissaBits;
    return sign | (code > largest ? overflow : code);
  }
}
