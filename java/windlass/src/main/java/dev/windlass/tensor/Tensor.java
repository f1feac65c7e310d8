package dev.windlass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Elements of one type in native memory, in row-major order without gaps. A tensor does not own its
 * memory: it is there for as long as the memory's arena says, and a tensor whose memory is gone
 * throws {@link IllegalStateException} on access.
 *
 * <p>Two tensors are equal if they are the same object; {@link #hasSameContent} compares bytes.
 *
 * <p>Any thread that the memory lets may call. Threads that write and read the same elements order
 * themselves.
 */
public final class Tensor {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long ALIGNMENT = 64;

  private final DType dtype;
  private final Shape shape;
  private final MemorySegment data;

  private Tensor(DType dtype, Shape shape, MemorySegment data) {
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /**
   * The tensor that lies in this memory: a segment of native memory that somebody allocated, mapped
   * from a file, or that a region has.
   *
   * @throws IllegalArgumentException if the memory is on the Java heap (copy it: {@link
   *     #allocate}), or is not exactly as large as type and shape say
   */
  public static Tensor of(DType dtype, Shape shape, MemorySegment data) {
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(shape, "shape");
    long bytes = dtype.bytesOf(shape.elements());
    if (!data.isNative()) {
      throw new IllegalArgumentException(
          "A tensor lies in native memory, and this is on the Java heap: allocate one and copy.");
    }
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "A tensor of %s %s is %d bytes, and the memory has %d."
              .formatted(dtype, shape, bytes, data.byteSize()));
    }
    return new Tensor(dtype, shape, data);
  }

  /** A tensor of zeros in memory of the arena's, aligned to 64 bytes. */
  public static Tensor allocate(Arena arena, DType dtype, Shape shape) {
    return of(dtype, shape, arena.allocate(dtype.bytesOf(shape.elements()), ALIGNMENT));
  }

  /** A tensor of zeros in memory that is freed some time after the last use. */
  public static Tensor allocate(DType dtype, Shape shape) {
    return allocate(Arena.ofAuto(), dtype, shape);
  }

  /**
   * A copy of the values as {@link DType#F32}.
   *
   * @throws IllegalArgumentException unless there are as many as the shape says
   */
  public static Tensor of(Shape shape, float... values) {
    Tensor tensor = allocate(DType.F32, checked(shape, values.length));
    MemorySegment.copy(values, 0, tensor.data, FLOAT, 0, values.length);
    return tensor;
  }

  /**
   * A copy of the values as {@link DType#F64}.
   *
   * @throws IllegalArgumentException unless there are as many as the shape says
   */
  public static Tensor of(Shape shape, double... values) {
    Tensor tensor = allocate(DType.F64, checked(shape, values.length));
    MemorySegment.copy(values, 0, tensor.data, DOUBLE, 0, values.length);
    return tensor;
  }

  /**
   * A copy of the values as {@link DType#I32}.
   *
   * @throws IllegalArgumentException unless there are as many as the shape says
   */
  public static Tensor of(Shape shape, int... values) {
    Tensor tensor = allocate(DType.I32, checked(shape, values.length));
    MemorySegment.copy(values, 0, tensor.data, INT, 0, values.length);
    return tensor;
  }

  /**
   * A copy of the values as {@link DType#I64}.
   *
   * @throws IllegalArgumentException unless there are as many as the shape says
   */
  public static Tensor of(Shape shape, long... values) {
    Tensor tensor = allocate(DType.I64, checked(shape, values.length));
    MemorySegment.copy(values, 0, tensor.data, LONG, 0, values.length);
    return tensor;
  }

  /**
   * A copy of the bytes as a tensor of any type.
   *
   * @throws IllegalArgumentException unless there are as many as type and shape say
   */
  public static Tensor copyOf(DType dtype, Shape shape, byte[] bytes) {
    return copyOf(dtype, shape, MemorySegment.ofArray(bytes));
  }

  /**
   * A copy of the memory, which may be on the Java heap, as a tensor of any type.
   *
   * @throws IllegalArgumentException unless it is as large as type and shape say
   */
  public static Tensor copyOf(DType dtype, Shape shape, MemorySegment bytes) {
    long wanted = dtype.bytesOf(shape.elements());
    if (bytes.byteSize() != wanted) {
      throw new IllegalArgumentException(
          "A tensor of %s %s is %d bytes, and these are %d."
              .formatted(dtype, shape, wanted, bytes.byteSize()));
    }
    Tensor tensor = allocate(dtype, shape);
    tensor.data.copyFrom(bytes);
    return tensor;
  }

  private static Shape checked(Shape shape, long count) {
    if (shape.elements() != count) {
      throw new IllegalArgumentException(
          "The shape %s has %d elements, and %d values were given."
              .formatted(shape, shape.elements(), count));
    }
    return shape;
  }

  public DType dtype() {
    return dtype;
  }

  public Shape shape() {
    return shape;
  }

  /** The memory, exactly as large as the tensor: native, and possibly read-only. */
  public MemorySegment data() {
    return data;
  }

  public long sizeBytes() {
    return data.byteSize();
  }

  /** The same memory, through which nobody can write. */
  public Tensor asReadOnly() {
    return data.isReadOnly() ? this : new Tensor(dtype, shape, data.asReadOnly());
  }

  /**
   * The same memory in another shape.
   *
   * @throws IllegalArgumentException unless it has as many elements
   */
  public Tensor reshape(Shape other) {
    return new Tensor(dtype, checked(other, shape.elements()), data);
  }

  /**
   * Some of the rows, as a view of the same memory. A row is what lies under one index of the first
   * dimension.
   *
   * @throws IndexOutOfBoundsException if there are no such rows
   * @throws IllegalArgumentException for a scalar; where rows of half bytes begin or end inside one
   */
  public Tensor rows(long first, long count) {
    if (shape.rank() == 0) {
      throw new IllegalArgumentException("A scalar has no rows.");
    }
    Objects.checkFromIndexSize(first, count, shape.size(0));
    Shape part = shape.with(0, count);
    long rowElements = shape.elements() == 0 ? 0 : shape.elements() / shape.size(0);
    return new Tensor(dtype, part, Elements.range(this, first * rowElements, part.elements()));
  }

  /**
   * A part, copied to memory of the arena's.
   *
   * @param offsets where it begins, in each dimension
   * @param part how many elements it has in each dimension
   * @throws IllegalArgumentException if it reaches beyond this tensor, or is another rank
   */
  public Tensor copyOfPart(Arena arena, long[] offsets, Shape part) {
    Tensor copy = allocate(arena, dtype, part);
    Parts.copyOut(this, offsets, copy);
    return copy;
  }

  /**
   * Writes the other tensor over a part of this one.
   *
   * @param offsets where the part begins, in each dimension
   * @throws IllegalArgumentException if it reaches beyond this tensor, or is another type or rank
   */
  public void setPart(long[] offsets, Tensor part) {
    Parts.copyIn(part, this, offsets);
  }

  /**
   * The values converted to another floating type, in memory of the arena's. Rounds to the nearest,
   * halves to even. What is too large for the type becomes infinite, and with {@link
   * DType#F8_E4M3}, which has no infinity, a NaN. A NaN stays one, of the same sign; its other bits
   * may not.
   *
   * @throws IllegalArgumentException unless both types are floating
   */
  public Tensor cast(Arena arena, DType to) {
    Casts.check(dtype, to);
    Tensor result = allocate(arena, to, shape);
    Casts.run(this, result);
    return result;
  }

  /**
   * Writes the values into a tensor of the same shape and perhaps another floating type; as {@link
   * #cast}. Of the same type, whichever it is, the bytes are copied.
   *
   * @throws IllegalArgumentException if the shapes differ, the types differ and are not both
   *     floating, or the memory of both overlaps
   */
  public void castInto(Tensor target) {
    if (!shape.equals(target.shape)) {
      throw new IllegalArgumentException(
          "A tensor of shape %s cannot be cast into one of %s.".formatted(shape, target.shape));
    }
    if (dtype != target.dtype) {
      Casts.check(dtype, target.dtype);
    }
    if (data.asOverlappingSlice(target.data).isPresent()) {
      throw new IllegalArgumentException("A tensor cannot be cast into memory it lies in itself.");
    }
    Casts.run(this, target);
  }

  /**
   * An element of any type but {@link DType#C64}, as the nearest double.
   *
   * @throws IndexOutOfBoundsException if there is no such element
   */
  public double getDouble(long... indices) {
    return Elements.getDouble(this, shape.offsetOf(indices));
  }

  /**
   * Sets an element of any type but {@link DType#C64}: rounded as {@link #cast} does, or towards
   * zero for an integer.
   *
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws IllegalArgumentException if an integer type has no such value
   */
  public void setDouble(double value, long... indices) {
    Elements.setDouble(this, shape.offsetOf(indices), value);
  }

  /**
   * An element of an integer type or BOOL. One of {@link DType#U64} beyond what a long counts is
   * negative, as {@link Long#toUnsignedString} takes it.
   *
   * @throws IndexOutOfBoundsException if there is no such element
   */
  public long getLong(long... indices) {
    return Elements.getLong(this, shape.offsetOf(indices));
  }

  /**
   * Sets an element of an integer type or BOOL.
   *
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws IllegalArgumentException if the type has no such value
   */
  public void setLong(long value, long... indices) {
    Elements.setLong(this, shape.offsetOf(indices), value);
  }

  /** All elements as {@link #getDouble} has them, in row-major order. */
  public double[] toDoubles() {
    double[] values = new double[arrayLength()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Elements.getDouble(this, i);
    }
    return values;
  }

  /** All elements of a floating type, in row-major order, cast to {@link DType#F32}. */
  public float[] toFloats() {
    float[] values = new float[arrayLength()];
    Casts.check(dtype, DType.F32);
    Casts.toFloats(this, values);
    return values;
  }

  /** All elements as {@link #getLong} has them, in row-major order. */
  public long[] toLongs() {
    long[] values = new long[arrayLength()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Elements.getLong(this, i);
    }
    return values;
  }

  private int arrayLength() {
    if (shape.elements() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException("An array cannot have " + shape.elements() + " elements.");
    }
    return (int) shape.elements();
  }

  /** Whether type, shape and every byte are the same. */
  public boolean hasSameContent(Tensor other) {
    return dtype == other.dtype && shape.equals(other.shape) && data.mismatch(other.data) < 0;
  }

  /** As in {@code F32 [4096, 128]}. */
  @Override
  public String toString() {
    return dtype + " " + shape;
  }
}
