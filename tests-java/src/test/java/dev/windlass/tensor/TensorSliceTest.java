package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.Bytes;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorSliceTest {
  private static TensorSlice slice(long... offsets) {
    return TensorSlice.of(
        offsets, new long[] {1, 0}, Shape.of(4, 6), Shape.of(2, 3), Shape.of(2, 2));
  }

  @Test
  void aSliceSaysWhereItIsAndWhose() {
    TensorSlice slice = slice(2, 0);
    assertEquals(2, slice.index());
    assertEquals(4, slice.count());
    assertFalse(slice.isWhole());
    assertEquals("[2, 3] at [2, 0] of [4, 6], writer [1, 0] of [2, 2]", slice.toString());
    assertEquals(slice(2, 0), slice);
    assertEquals(slice(2, 0).hashCode(), slice.hashCode());
    assertNotEquals(slice(2, 1), slice);
  }

  @Test
  void nobodyChangesASlice() {
    long[] offsets = {2, 0};
    TensorSlice slice = slice(offsets);
    offsets[0] = 0;
    slice.offsets()[1] = 1;
    slice.coordinates()[0] = 0;
    assertArrayEquals(new long[] {2, 0}, slice.offsets());
    assertArrayEquals(new long[] {1, 0}, slice.coordinates());
  }

  @Test
  void slicesOutsideTheWholeOrTheMeshAreRefused() {
    for (long[] offsets : new long[][] {{3, 0}, {0, 4}, {-1, 0}, {0}, {0, 0, 0}}) {
      assertThrows(IllegalArgumentException.class, () -> slice(offsets));
    }
    Shape shape = Shape.of(4);
    long[] zero = {0};
    for (long[] coordinates : new long[][] {{2}, {-1}, {}, {0, 0}}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> TensorSlice.of(zero, coordinates, shape, shape, Shape.of(2)));
    }
    for (Shape mesh : List.of(Shape.of(0), Shape.of(65537), Shape.of(1L << 40))) {
      assertThrows(
          IllegalArgumentException.class, () -> TensorSlice.of(zero, zero, shape, shape, mesh));
      assertThrows(IllegalArgumentException.class, () -> TensorSlice.cut(shape, mesh, 0));
    }
  }

  @Test
  void rowsAreCutAsEvenlyAsCanBe() {
    List<TensorSlice> slices = TensorSlice.cutRows(Shape.of(10, 2), 4);
    assertEquals(
        List.of(3L, 3L, 2L, 2L), slices.stream().map(slice -> slice.localShape().size(0)).toList());
    assertEquals(
        List.of(0L, 3L, 6L, 8L), slices.stream().map(slice -> slice.offsets()[0]).toList());
    assertEquals(
        List.of(1L, 1L, 0L, 0L),
        TensorSlice.cutRows(Shape.of(2), 4).stream()
            .map(slice -> slice.localShape().size(0))
            .toList());
    assertTrue(TensorSlice.cutRows(Shape.of(3), 1).getFirst().isWhole());
  }

  @Test
  void theSlicesOfAMeshMakeUpTheWhole() {
    Shape shape = Shape.of(5, 3, 7);
    Tensor whole = Tensor.copyOf(DType.U8, shape, Bytes.of(105, 1));
    List<TensorSlice> slices = TensorSlice.cut(shape, Shape.of(3, 2), 2, 0);
    assertEquals(6, slices.size());
    Tensor copy = Tensor.allocate(DType.U8, shape);
    long elements = 0;
    for (TensorSlice slice : slices) {
      assertEquals(slices.indexOf(slice), slice.index());
      slice.copyInto(slice.copyFrom(whole), copy);
      elements += slice.localShape().elements();
    }
    assertEquals(105, elements);
    assertTrue(copy.hasSameContent(whole));
  }

  @Test
  void replicasHaveTheSamePart() {
    List<TensorSlice> slices = TensorSlice.cut(Shape.of(4), Shape.of(2, 2), -1, 0);
    assertArrayEquals(slices.get(1).offsets(), slices.get(3).offsets());
    assertEquals(slices.get(1).localShape(), slices.get(3).localShape());
    assertNotEquals(slices.get(1).index(), slices.get(3).index());
    assertEquals(1, TensorSlice.cut(Shape.scalar(), Shape.scalar()).size());
  }

  @Test
  void meshesThatDoNotFitTheWholeAreRefused() {
    Shape shape = Shape.of(4, 4);
    Shape mesh = Shape.of(2, 2);
    for (int[] dimensions : new int[][] {{0}, {0, 0}, {0, 2}, {-2, 0}, {0, 1, -1}}) {
      assertThrows(IllegalArgumentException.class, () -> TensorSlice.cut(shape, mesh, dimensions));
    }
  }

  @Test
  void partsAndWholesOfOtherShapesAreRefused() {
    TensorSlice slice = slice(2, 0);
    Tensor whole = Tensor.allocate(DType.F32, Shape.of(4, 6));
    Tensor other = Tensor.allocate(DType.F32, Shape.of(6, 4));
    assertThrows(IllegalArgumentException.class, () -> slice.copyFrom(other));
    assertThrows(IllegalArgumentException.class, () -> slice.copyInto(other, whole));
    assertThrows(
        IllegalArgumentException.class, () -> slice.copyInto(slice.copyFrom(whole), other));
  }
}
