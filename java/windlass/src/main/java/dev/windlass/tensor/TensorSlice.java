package dev.windlass.tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Which part of a tensor one of several writers has. The writers stand in a mesh, each at
 * coordinates of its own, and together they have the whole; writers that have the same part are
 * replicas.
 *
 * <p>Immutable.
 */
public final class TensorSlice {
  /** The most writers there are. */
  public static final int MAX_COUNT = 65536;

  private final long[] offsets;
  private final long[] coordinates;
  private final Shape globalShape;
  private final Shape localShape;
  private final Shape meshShape;

  private TensorSlice(
      long[] offsets, long[] coordinates, Shape globalShape, Shape localShape, Shape meshShape) {
    this.offsets = offsets;
    this.coordinates = coordinates;
    this.globalShape = globalShape;
    this.localShape = localShape;
    this.meshShape = meshShape;
  }

  /**
   * The slice of one writer.
   *
   * @param offsets where the part begins in the whole, in each of its dimensions
   * @param coordinates which writer this is, in each dimension of the mesh
   * @param globalShape of the whole
   * @param localShape of the part
   * @param meshShape how many writers there are, in each dimension of the mesh
   * @throws IllegalArgumentException if ranks do not fit, the part reaches beyond the whole, the
   *     coordinates are outside the mesh, or the mesh has no writer or more than {@link #MAX_COUNT}
   */
  public static TensorSlice of(
      long[] offsets, long[] coordinates, Shape globalShape, Shape localShape, Shape meshShape) {
    TensorSlice slice =
        new TensorSlice(offsets.clone(), coordinates.clone(), globalShape, localShape, meshShape);
    Parts.checkWithin(globalShape, slice.offsets, localShape);
    slice.checkMesh();
    return slice;
  }

  private void checkMesh() {
    if (meshShape.elements() < 1 || meshShape.elements() > MAX_COUNT) {
      throw new IllegalArgumentException(
          "A mesh has 1 to %d writers, and %s has %d."
              .formatted(MAX_COUNT, meshShape, meshShape.elements()));
    }
    boolean inside = coordinates.length == meshShape.rank();
    for (int i = 0; inside && i < coordinates.length; i++) {
      inside = coordinates[i] >= 0 && coordinates[i] < meshShape.size(i);
    }
    if (!inside) {
      throw new IllegalArgumentException(
          "There is no writer at %s in a mesh of %s."
              .formatted(Arrays.toString(coordinates), meshShape));
    }
  }

  /**
   * Cuts a whole as evenly as can be: parts of one dimension differ by one at most, the larger ones
   * first. Dimension i of the mesh cuts dimension {@code dimensions[i]} of the whole, or, where
   * that is -1, none: writers that differ in that coordinate only are replicas.
   *
   * @return a slice for each writer, in the order of {@link #index}
   * @throws IllegalArgumentException if a dimension is not the whole's or is cut twice; as {@link
   *     #of}
   */
  public static List<TensorSlice> cut(Shape whole, Shape mesh, int... dimensions) {
    checkDimensions(whole, mesh, dimensions);
    List<TensorSlice> slices = new ArrayList<>();
    long[] coordinates = new long[mesh.rank()];
    do {
      long[] offsets = new long[whole.rank()];
      long[] sizes = whole.toArray();
      for (int i = 0; i < dimensions.length; i++) {
        int cut = dimensions[i];
        if (cut >= 0) {
          long parts = mesh.size(i);
          long least = whole.size(cut) / parts;
          long larger = whole.size(cut) % parts;
          offsets[cut] = coordinates[i] * least + Math.min(coordinates[i], larger);
          sizes[cut] = least + (coordinates[i] < larger ? 1 : 0);
        }
      }
      slices.add(of(offsets, coordinates, whole, Shape.of(sizes), mesh));
    } while (Parts.advance(coordinates, mesh));
    return slices;
  }

  /** Cuts a whole into so many parts along its first dimension, as {@link #cut} does. */
  public static List<TensorSlice> cutRows(Shape whole, int parts) {
    return cut(whole, Shape.of(parts), 0);
  }

  private static void checkDimensions(Shape whole, Shape mesh, int[] dimensions) {
    if (mesh.elements() < 1 || mesh.elements() > MAX_COUNT) {
      throw new IllegalArgumentException(
          "A mesh has 1 to %d writers, and %s has %d.".formatted(MAX_COUNT, mesh, mesh.elements()));
    }
    boolean fits = dimensions.length == mesh.rank();
    boolean[] seen = new boolean[whole.rank()];
    for (int i = 0; fits && i < dimensions.length; i++) {
      int cut = dimensions[i];
      fits = cut >= -1 && cut < whole.rank() && (cut < 0 || !seen[cut]);
      if (fits && cut >= 0) {
        seen[cut] = true;
      }
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "A mesh of %s cannot cut a tensor of shape %s along the dimensions %s."
              .formatted(mesh, whole, Arrays.toString(dimensions)));
    }
  }

  /** The part, copied out of the whole. */
  public Tensor copyFrom(Tensor whole) {
    checkWhole(whole);
    return whole.copyOfPart(Arena.ofAuto(), offsets, localShape);
  }

  /** Writes the part to its place in the whole. */
  public void copyInto(Tensor part, Tensor whole) {
    checkWhole(whole);
    if (!part.shape().equals(localShape)) {
      throw new IllegalArgumentException(
          "The slice is of shape %s, and the part of %s.".formatted(localShape, part.shape()));
    }
    whole.setPart(offsets, part);
  }

  private void checkWhole(Tensor whole) {
    if (!whole.shape().equals(globalShape)) {
      throw new IllegalArgumentException(
          "The slice is of a tensor of shape %s, not %s.".formatted(globalShape, whole.shape()));
    }
  }

  /** Where the part begins in the whole, in an array of the caller's own. */
  public long[] offsets() {
    return offsets.clone();
  }

  /** Which writer this is, in an array of the caller's own. */
  public long[] coordinates() {
    return coordinates.clone();
  }

  public Shape globalShape() {
    return globalShape;
  }

  public Shape localShape() {
    return localShape;
  }

  public Shape meshShape() {
    return meshShape;
  }

  /** The writer's number in the mesh, in row-major order. */
  public int index() {
    return (int) meshShape.offsetOf(coordinates);
  }

  /** How many writers there are. */
  public int count() {
    return (int) meshShape.elements();
  }

  /** Whether it is all of the tensor. */
  public boolean isWhole() {
    return localShape.equals(globalShape);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorSlice slice
        && Arrays.equals(offsets, slice.offsets)
        && Arrays.equals(coordinates, slice.coordinates)
        && globalShape.equals(slice.globalShape)
        && localShape.equals(slice.localShape)
        && meshShape.equals(slice.meshShape);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        Arrays.hashCode(offsets), Arrays.hashCode(coordinates), globalShape, localShape, meshShape);
  }

  /** As in {@code [2, 4] at [2, 0] of [4, 4], writer [1, 0] of [2, 1]}. */
  @Override
  public String toString() {
    return "%s at %s of %s, writer %s of %s"
        .formatted(
            localShape,
            Arrays.toString(offsets),
            globalShape,
            Arrays.toString(coordinates),
            meshShape);
  }
}
