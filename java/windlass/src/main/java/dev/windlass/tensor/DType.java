package dev.windlass.tensor;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the elements of a tensor are; the twin of {@code wl_dtype}. All are little-endian. */
public enum DType {
  /** A byte each: 0 is false, 1 is true. */
  BOOL(1, 8, Kind.BOOLEAN, "BOOL"),
  U8(2, 8, Kind.UNSIGNED, "U8"),
  I8(3, 8, Kind.SIGNED, "I8"),
  U16(4, 16, Kind.UNSIGNED, "U16"),
  I16(5, 16, Kind.SIGNED, "I16"),
  U32(6, 32, Kind.UNSIGNED, "U32"),
  I32(7, 32, Kind.SIGNED, "I32"),
  U64(8, 64, Kind.UNSIGNED, "U64"),
  I64(9, 64, Kind.SIGNED, "I64"),
  /** IEEE 754 half precision. */
  F16(10, 16, Kind.FLOATING, "F16"),
  /** The upper half of an {@link #F32}. */
  BF16(11, 16, Kind.FLOATING, "BF16"),
  F32(12, 32, Kind.FLOATING, "F32"),
  F64(13, 64, Kind.FLOATING, "F64"),
  /** Four bits of exponent, three of mantissa; no infinities, one NaN of either sign; up to 448. */
  F8_E4M3(14, 8, Kind.FLOATING, "F8_E4M3"),
  /** Five bits of exponent, two of mantissa, with infinities and NaNs as in IEEE 754. */
  F8_E5M2(15, 8, Kind.FLOATING, "F8_E5M2"),
  /** Two {@link #F32}: the real part, then the imaginary one. */
  C64(16, 64, Kind.COMPLEX, "C64"),
  /** Two to a byte, the first in the low half; a last one alone has a byte. */
  I4(17, 4, Kind.SIGNED, null),
  /** Two to a byte, the first in the low half; a last one alone has a byte. */
  U4(18, 4, Kind.UNSIGNED, null);

  /** What an element stands for. */
  enum Kind {
    BOOLEAN,
    UNSIGNED,
    SIGNED,
    FLOATING,
    COMPLEX
  }

  private static final DType[] BY_CODE = values();

  private final int code;
  private final int bits;
  private final Kind kind;
  private final @Nullable String safetensorsName;

  DType(int code, int bits, Kind kind, @Nullable String safetensorsName) {
    this.code = code;
    this.bits = bits;
    this.kind = kind;
    this.safetensorsName = safetensorsName;
  }

  /**
   * The type with this number.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static DType of(int code) {
    if (code < 1 || code > BY_CODE.length) {
      throw new IllegalArgumentException(
          "No element type has the number " + code + "; they go from 1 to " + BY_CODE.length + ".");
    }
    return BY_CODE[code - 1];
  }

  /** The type that safetensors files call so, if there is one. */
  public static Optional<DType> ofSafetensors(String name) {
    for (DType dtype : BY_CODE) {
      if (name.equals(dtype.safetensorsName)) {
        return Optional.of(dtype);
      }
    }
    return Optional.empty();
  }

  /** The number, as in C. */
  public int code() {
    return code;
  }

  /** The bits of an element: 4 to 64. */
  public int bits() {
    return bits;
  }

  /** Whether it is one of those that {@link Tensor#cast} converts into one another. */
  public boolean isFloating() {
    return kind == Kind.FLOATING;
  }

  /** The name in safetensors files; empty where they have no such type. */
  public Optional<String> safetensorsName() {
    return Optional.ofNullable(safetensorsName);
  }

  /**
   * The bytes that so many elements take, one behind the other.
   *
   * @throws IllegalArgumentException if elements is negative, or the bytes exceed what a long
   *     counts
   */
  public long bytesOf(long elements) {
    if (elements < 0) {
      throw new IllegalArgumentException("There are no " + elements + " elements of " + this + ".");
    }
    if (bits < 8) {
      return elements / 2 + elements % 2;
    }
    if (elements > Long.MAX_VALUE / (bits / 8)) {
      throw new IllegalArgumentException(
          elements + " elements of " + this + " are more bytes than a long counts.");
    }
    return elements * (bits / 8);
  }

  Kind kind() {
    return kind;
  }
}
