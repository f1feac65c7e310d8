package dev.windlass.tensor;

import java.util.Arrays;
import java.util.Objects;

/**
 * How many elements a tensor has in each dimension, the outermost first. A scalar has no dimension,
 * and one element. A dimension may be 0, and then there is no element at all.
 *
 * <p>Immutable.
 */
public final class Shape {
  /** The most dimensions there are; {@code WL_MAX_RANK} in C. */
  public static final int MAX_RANK = 16;

  private static final Shape SCALAR = new Shape();

  private final long[] sizes;
  private final long elements;

  private Shape(long... sizes) {
    this.sizes = sizes;
    this.elements = count(sizes);
  }

  /**
   * The shape with these sizes.
   *
   * @throws IllegalArgumentException if there are more than {@link #MAX_RANK}, one is negative, or
   *     the product of those that are not 0 is more than a long counts
   */
  public static Shape of(long... sizes) {
    return sizes.length == 0 ? SCALAR : new Shape(sizes.clone());
  }

  /** The shape of a single element. */
  public static Shape scalar() {
    return SCALAR;
  }

  private static long count(long[] sizes) {
    if (sizes.length > MAX_RANK) {
      throw new IllegalArgumentException(
          "A shape has at most " + MAX_RANK + " dimensions, not " + sizes.length + ".");
    }
    // Dimensions of 0 do not hide an overflow: strides of the other ones are to be computable.
    long product = 1;
    boolean empty = false;
    for (long size : sizes) {
      if (size < 0) {
        throw new IllegalArgumentException(
            "The shape " + Arrays.toString(sizes) + " has a negative dimension.");
      }
      empty |= size == 0;
      if (size > 0 && product > Long.MAX_VALUE / size) {
        throw new IllegalArgumentException(
            "The shape " + Arrays.toString(sizes) + " has more elements than a long counts.");
      }
      product *= Math.max(size, 1);
    }
    return empty ? 0 : product;
  }

  public int rank() {
    return sizes.length;
  }

  /**
   * The elements in a dimension.
   *
   * @throws IndexOutOfBoundsException unless it is one of the {@link #rank} dimensions
   */
  public long size(int dimension) {
    return sizes[Objects.checkIndex(dimension, sizes.length)];
  }

  /** The elements in all. */
  public long elements() {
    return elements;
  }

  /** The sizes, in an array of the caller's own. */
  public long[] toArray() {
    return sizes.clone();
  }

  /** How many elements one step in each dimension is, where they lie in row-major order. */
  public long[] strides() {
    long[] strides = new long[sizes.length];
    long stride = 1;
    for (int i = sizes.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(sizes[i], 1);
    }
    return strides;
  }

  /**
   * The number of the element at these indices, in row-major order.
   *
   * @throws IndexOutOfBoundsException if there is no such element
   */
  public long offsetOf(long... indices) {
    if (indices.length != sizes.length) {
      throw new IndexOutOfBoundsException(
          "The shape %s wants %d indices, not %s."
              .formatted(this, sizes.length, Arrays.toString(indices)));
    }
    long offset = 0;
    for (int i = 0; i < sizes.length; i++) {
      if (indices[i] < 0 || indices[i] >= sizes[i]) {
        throw new IndexOutOfBoundsException(
            "There is no element %s in the shape %s.".formatted(Arrays.toString(indices), this));
      }
      offset = offset * sizes[i] + indices[i];
    }
    return offset;
  }

  /**
   * The same with another size in one dimension.
   *
   * @throws IndexOutOfBoundsException unless it is one of the {@link #rank} dimensions
   * @throws IllegalArgumentException as {@link #of}
   */
  public Shape with(int dimension, long size) {
    long[] changed = sizes.clone();
    changed[Objects.checkIndex(dimension, changed.length)] = size;
    return new Shape(changed);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  /** As in {@code [4096, 128]}. */
  @Override
  public String toString() {
    return Arrays.toString(sizes);
  }
}
