package dev.windlass.tensor;

import java.util.Arrays;

/** Boxes of elements within tensors, copied run by run. */
final class Parts {
  private Parts() {}

  /** Throws unless the part lies within the whole. */
  static void checkWithin(Shape whole, long[] offsets, Shape part) {
    boolean within = offsets.length == whole.rank() && part.rank() == whole.rank();
    for (int i = 0; within && i < offsets.length; i++) {
      within =
          offsets[i] >= 0
              && offsets[i] <= whole.size(i)
              && part.size(i) <= whole.size(i) - offsets[i];
    }
    if (!within) {
      throw new IllegalArgumentException(
          "A part of shape %s at %s is not within a tensor of shape %s."
              .formatted(part, Arrays.toString(offsets), whole));
    }
  }

  /**
   * Steps to the next indices in row-major order; false after the last ones, which become zeros.
   */
  static boolean advance(long[] indices, Shape shape) {
    for (int i = indices.length - 1; i >= 0; i--) {
      indices[i]++;
      if (indices[i] < shape.size(i)) {
        return true;
      }
      indices[i] = 0;
    }
    return false;
  }

  static void copyOut(Tensor whole, long[] offsets, Tensor part) {
    eachRun(
        whole,
        offsets,
        part,
        (inWhole, inPart, count) -> Elements.copy(whole, inWhole, part, inPart, count));
  }

  static void copyIn(Tensor part, Tensor whole, long[] offsets) {
    if (part.dtype() != whole.dtype()) {
      throw new IllegalArgumentException(
          "A part of %s cannot be set in a tensor of %s.".formatted(part.dtype(), whole.dtype()));
    }
    eachRun(
        whole,
        offsets,
        part,
        (inWhole, inPart, count) -> Elements.copy(part, inPart, whole, inWhole, count));
  }

  /** What is done with elements that lie together in the whole and in the part. */
  private interface Run {
    void copy(long inWhole, long inPart, long count);
  }

  private static void eachRun(Tensor whole, long[] offsets, Tensor part, Run run) {
    Shape outer = whole.shape();
    Shape inner = part.shape();
    checkWithin(outer, offsets, inner);
    if (inner.elements() == 0) {
      return;
    }
    int first = firstOfRun(outer, inner);
    long[] strides = outer.strides();
    long elements = 1;
    for (int i = first; i < inner.rank(); i++) {
      elements *= inner.size(i);
    }
    Shape runs = Shape.of(Arrays.copyOf(inner.toArray(), first));
    long[] indices = new long[first];
    long done = 0;
    do {
      long at = 0;
      for (int i = 0; i < offsets.length; i++) {
        at += (offsets[i] + (i < first ? indices[i] : 0)) * strides[i];
      }
      run.copy(at, done, elements);
      done += elements;
    } while (advance(indices, runs));
  }

  /** The dimension from which on the part is in one piece in the whole. */
  private static int firstOfRun(Shape outer, Shape inner) {
    int first = inner.rank();
    while (first > 0 && (first == inner.rank() || inner.size(first) == outer.size(first))) {
      first--;
    }
    return first;
  }
}
