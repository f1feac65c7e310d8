package dev.windlass.tensor;

import java.util.TreeMap;

/**
 * A floating format by its definition, without any trick: the list of its finite values, and
 * rounding as a search in that list. The independent judge of casts.
 */
record NarrowFormat(DType dtype, int exponentBits, int mantissaBits, boolean hasInfinity) {
  static final NarrowFormat F16 = new NarrowFormat(DType.F16, 5, 10, true);
  static final NarrowFormat BF16 = new NarrowFormat(DType.BF16, 8, 7, true);
  static final NarrowFormat E4M3 = new NarrowFormat(DType.F8_E4M3, 4, 3, false);
  static final NarrowFormat E5M2 = new NarrowFormat(DType.F8_E5M2, 5, 2, true);

  int codes() {
    return 1 << (1 + exponentBits + mantissaBits);
  }

  private int signBit() {
    return codes() >> 1;
  }

  private int bias() {
    return (1 << (exponentBits - 1)) - 1;
  }

  /** The magnitude's code of infinity, or of the only NaN where there is none. */
  private int overflow() {
    int allExponents = ((1 << exponentBits) - 1) << mantissaBits;
    return hasInfinity ? allExponents : signBit() - 1;
  }

  /** What a code stands for. */
  double value(int code) {
    int magnitude = code & (signBit() - 1);
    double sign = (code & signBit()) == 0 ? 1 : -1;
    if (magnitude > overflow() || (magnitude == overflow() && !hasInfinity)) {
      return Double.NaN;
    }
    if (magnitude == overflow()) {
      return sign * Double.POSITIVE_INFINITY;
    }
    return sign * finite(magnitude);
  }

  /** The formula of IEEE 754, which also gives the number that would follow the largest one. */
  private double finite(int magnitude) {
    int exponent = magnitude >> mantissaBits;
    double fraction = (magnitude & ((1 << mantissaBits) - 1)) / Math.pow(2, mantissaBits);
    return exponent == 0
        ? fraction * Math.pow(2, 1 - bias())
        : (1 + fraction) * Math.pow(2, exponent - bias());
  }

  /** The codes of the finite magnitudes, and of the one that would follow them, by value. */
  TreeMap<Double, Integer> magnitudes() {
    TreeMap<Double, Integer> magnitudes = new TreeMap<>();
    for (int code = 0; code <= overflow(); code++) {
      magnitudes.put(finite(code), code);
    }
    return magnitudes;
  }

  /** The code of the value that is nearest, of two the one whose code is even. */
  int nearest(double value, TreeMap<Double, Integer> magnitudes) {
    int sign = Double.doubleToRawLongBits(value) < 0 ? signBit() : 0;
    double magnitude = Math.abs(value);
    var below = magnitudes.floorEntry(magnitude);
    var above = magnitudes.ceilingEntry(magnitude);
    if (above == null) {
      return sign | overflow();
    }
    // Both differences are exact: neighbours are within a factor of two, or one of them is 0.
    double down = magnitude - below.getKey();
    double up = above.getKey() - magnitude;
    boolean takeBelow = down < up || (down == up && below.getValue() % 2 == 0);
    return sign | (takeBelow ? below.getValue() : above.getValue());
  }
}
