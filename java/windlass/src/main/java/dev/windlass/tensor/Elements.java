package dev.windlass.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Single elements of tensors, by their number in row-major order, and runs of them. */
final class Elements {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final double TWO_TO_63 = 0x1p63;

  private Elements() {}

  /** The memory of a run of elements. */
  static MemorySegment range(Tensor tensor, long first, long count) {
    DType dtype = tensor.dtype();
    if (dtype.bits() < 8) {
      boolean toTheEnd = first + count == tensor.shape().elements();
      if (first % 2 != 0 || (count % 2 != 0 && !toTheEnd)) {
        throw new IllegalArgumentException(
            "Elements %d to %d of %s begin or end inside a byte, and cannot be a view: copy them."
                .formatted(first, first + count, tensor));
      }
      return tensor.data().asSlice(first / 2, dtype.bytesOf(count));
    }
    return tensor.data().asSlice(dtype.bytesOf(first), dtype.bytesOf(count));
  }

  /** Copies a run of elements between tensors of one type. */
  static void copy(Tensor from, long fromFirst, Tensor to, long toFirst, long count) {
    DType dtype = from.dtype();
    if (dtype.bits() >= 8) {
      MemorySegment.copy(
          from.data(),
          dtype.bytesOf(fromFirst),
          to.data(),
          dtype.bytesOf(toFirst),
          dtype.bytesOf(count));
    } else if (fromFirst % 2 == 0 && toFirst % 2 == 0) {
      MemorySegment.copy(from.data(), fromFirst / 2, to.data(), toFirst / 2, count / 2);
      if (count % 2 != 0) {
        setHalf(to, toFirst + count - 1, half(from, fromFirst + count - 1));
      }
    } else {
      for (long i = 0; i < count; i++) {
        setHalf(to, toFirst + i, half(from, fromFirst + i));
      }
    }
  }

  private static int half(Tensor tensor, long element) {
    return (tensor.data().get(BYTE, element / 2) >> (element % 2 == 0 ? 0 : 4)) & 0xf;
  }

  private static void setHalf(Tensor tensor, long element, int value) {
    int old = tensor.data().get(BYTE, element / 2);
    int both = element % 2 == 0 ? (old & 0xf0) | (value & 0xf) : (old & 0x0f) | (value & 0xf) << 4;
    tensor.data().set(BYTE, element / 2, (byte) both);
  }

  static long getLong(Tensor tensor, long element) {
    MemorySegment data = tensor.data();
    return switch (tensor.dtype()) {
      case BOOL -> data.get(BYTE, element) == 0 ? 0 : 1;
      case U8 -> Byte.toUnsignedLong(data.get(BYTE, element));
      case I8 -> data.get(BYTE, element);
      case U16 -> Short.toUnsignedLong(data.get(SHORT, element * 2));
      case I16 -> data.get(SHORT, element * 2);
      case U32 -> Integer.toUnsignedLong(data.get(INT, element * 4));
      case I32 -> data.get(INT, element * 4);
      case U64, I64 -> data.get(LONG, element * 8);
      case U4 -> half(tensor, element);
      case I4 -> half(tensor, element) << 28 >> 28;
      default -> throw new IllegalArgumentException(tensor + " has no integers.");
    };
  }

  static void setLong(Tensor tensor, long element, long value) {
    DType dtype = tensor.dtype();
    checkRange(dtype, value);
    MemorySegment data = tensor.data();
    switch (dtype.bits()) {
      case 4 -> setHalf(tensor, element, (int) value);
      case 8 -> data.set(BYTE, element, (byte) value);
      case 16 -> data.set(SHORT, element * 2, (short) value);
      case 32 -> data.set(INT, element * 4, (int) value);
      default -> data.set(LONG, element * 8, value);
    }
  }

  private static void checkRange(DType dtype, long value) {
    boolean fits =
        switch (dtype.kind()) {
          case BOOLEAN -> value == 0 || value == 1;
          case SIGNED -> value << (64 - dtype.bits()) >> (64 - dtype.bits()) == value;
          case UNSIGNED -> dtype.bits() == 64 || value >>> dtype.bits() == 0;
          default -> throw new IllegalArgumentException(dtype + " has no integers.");
        };
    if (!fits) {
      throw new IllegalArgumentException(dtype + " has no " + value + ".");
    }
  }

  static double getDouble(Tensor tensor, long element) {
    MemorySegment data = tensor.data();
    return switch (tensor.dtype()) {
      case F64 -> Double.longBitsToDouble(data.get(LONG, element * 8));
      case F32 -> Float.intBitsToFloat(data.get(INT, element * 4));
      case F16 -> Float.float16ToFloat(data.get(SHORT, element * 2));
      case BF16 -> Float.intBitsToFloat(FloatFormat.bitsOfBfloat16(data.get(SHORT, element * 2)));
      case F8_E4M3 ->
          Float.float16ToFloat(FloatFormat.halfOfE4m3(data.get(BYTE, element)))
              * FloatFormat.E4M3_SCALE;
      case F8_E5M2 -> Float.float16ToFloat(FloatFormat.halfOfE5m2(data.get(BYTE, element)));
      case C64 -> throw noSingleNumber(tensor);
      case U64 -> unsignedToDouble(getLong(tensor, element));
      default -> getLong(tensor, element);
    };
  }

  static void setDouble(Tensor tensor, long element, double value) {
    MemorySegment data = tensor.data();
    switch (tensor.dtype()) {
      case F64 -> data.set(LONG, element * 8, Double.doubleToRawLongBits(value));
      case F32 -> data.set(INT, element * 4, Float.floatToRawIntBits((float) value));
      case F16 -> data.set(SHORT, element * 2, Float.floatToFloat16(FloatFormat.toFloatOdd(value)));
      case BF16 -> data.set(SHORT, element * 2, (short) FloatFormat.toBfloat16(oddBits(value)));
      case F8_E4M3 -> data.set(BYTE, element, FloatFormat.toE4m3(oddBits(value)));
      case F8_E5M2 -> data.set(BYTE, element, FloatFormat.toE5m2(oddBits(value)));
      case C64 -> throw noSingleNumber(tensor);
      default -> setLong(tensor, element, toInteger(tensor.dtype(), value));
    }
  }

  private static int oddBits(double value) {
    return Float.floatToRawIntBits(FloatFormat.toFloatOdd(value));
  }

  private static IllegalArgumentException noSingleNumber(Tensor tensor) {
    return new IllegalArgumentException(
        tensor + " has complex numbers: take them from its memory, as pairs of F32.");
  }

  private static double unsignedToDouble(long value) {
    // Halving keeps the last bit, so that rounding sees it.
    return value >= 0 ? value : (double) ((value >>> 1) | (value & 1)) * 2;
  }

  private static long toInteger(DType dtype, double value) {
    boolean upper = dtype == DType.U64 && value >= TWO_TO_63 && value < 2 * TWO_TO_63;
    if (!upper && !(value >= -TWO_TO_63 && value < TWO_TO_63)) {
      throw new IllegalArgumentException(dtype + " has no " + value + ".");
    }
    if (dtype == DType.U64 && value <= -1) {
      throw new IllegalArgumentException(dtype + " has no " + value + ".");
    }
    return upper ? (long) (value - TWO_TO_63) + Long.MIN_VALUE : (long) value;
  }
}
