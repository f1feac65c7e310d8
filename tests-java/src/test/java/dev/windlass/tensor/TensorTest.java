package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
  @Test
  void aTensorIsExactlyItsMemory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(24);
      Tensor tensor = Tensor.of(DType.F32, Shape.of(2, 3), memory);
      assertSame(memory, tensor.data());
      assertEquals(24, tensor.sizeBytes());
      assertEquals("F32 [2, 3]", tensor.toString());
      for (long wrong : new long[] {23, 25, 0}) {
        assertThrows(
            IllegalArgumentException.class,
            () -> Tensor.of(DType.F32, Shape.of(2, 3), arena.allocate(wrong)));
      }
    }
  }

  @Test
  void memoryOnTheJavaHeapIsRefused() {
    MemorySegment heap = MemorySegment.ofArray(new float[6]);
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(DType.F32, Shape.of(2, 3), heap));
    assertTrue(Tensor.copyOf(DType.F32, Shape.of(6), heap).data().isNative());
  }

  @Test
  void memoryThatIsGoneThrows() {
    Tensor tensor;
    try (Arena arena = Arena.ofConfined()) {
      tensor = Tensor.allocate(arena, DType.I32, Shape.of(4));
    }
    assertThrows(IllegalStateException.class, () -> tensor.getLong(0));
  }

  @Test
  void valuesGoInAndComeOut() {
    Shape shape = Shape.of(2, 2);
    assertArrayEquals(
        new double[] {1, -2, 0.5, 4}, Tensor.of(shape, 1f, -2f, 0.5f, 4f).toDoubles());
    assertArrayEquals(new double[] {1, 2, 3, 4}, Tensor.of(shape, 1.0, 2, 3, 4).toDoubles());
    assertArrayEquals(new long[] {1, -2, 3, 4}, Tensor.of(shape, 1, -2, 3, 4).toLongs());
    assertArrayEquals(
        new long[] {Long.MIN_VALUE, 2, 3, 4},
        Tensor.of(shape, Long.MIN_VALUE, 2L, 3L, 4L).toLongs());
    assertEquals(DType.I64, Tensor.of(shape, 1L, 2L, 3L, 4L).dtype());
    assertEquals(0.5, Tensor.of(shape, 1f, -2f, 0.5f, 4f).getDouble(1, 0));
    assertArrayEquals(new float[] {7}, Tensor.of(Shape.scalar(), 7f).toFloats());
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(shape, 1, 2, 3));
    assertThrows(IllegalArgumentException.class, () -> Tensor.copyOf(DType.U8, shape, new byte[5]));
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(shape, 1, 2, 3, 4).toFloats());
  }

  @ParameterizedTest
  @EnumSource(names = {"BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "I4", "U4"})
  void integersHaveTheRangeOfTheirType(DType dtype) {
    boolean signed = dtype.kind() == DType.Kind.SIGNED;
    int bits = dtype == DType.BOOL ? 1 : dtype.bits();
    long most = -1L >>> (64 - bits + (signed ? 1 : 0));
    long least = signed ? -most - 1 : 0;
    // An odd number of elements, so that half bytes have a last one alone.
    Tensor tensor = Tensor.allocate(dtype, Shape.of(3));
    for (int i = 0; i < 3; i++) {
      tensor.setLong(most, i);
      assertEquals(most, tensor.getLong(i));
      tensor.setLong(least, i);
      assertEquals(least, tensor.getLong(i));
      tensor.setLong(1 & most, i);
    }
    assertArrayEquals(new long[] {1 & most, 1 & most, 1 & most}, tensor.toLongs());
    if (bits < 64) {
      assertThrows(IllegalArgumentException.class, () -> tensor.setLong(most + 1, 0));
      assertThrows(IllegalArgumentException.class, () -> tensor.setLong(least - 1, 0));
      assertThrows(IllegalArgumentException.class, () -> tensor.setDouble(most + 1.0, 0));
    }
    assertThrows(IllegalArgumentException.class, () -> tensor.setDouble(Double.NaN, 0));
    assertThrows(IllegalArgumentException.class, () -> tensor.setDouble(1e30, 0));
    assertThrows(IllegalArgumentException.class, () -> tensor.setDouble(-1e30, 0));
    tensor.setDouble(0.75, 2);
    assertEquals(0, tensor.getDouble(2));
  }

  @Test
  void thoseOfU64AreUnsigned() {
    Tensor tensor = Tensor.allocate(DType.U64, Shape.of(1));
    tensor.setLong(-1, 0);
    assertEquals(0x1p64, tensor.getDouble(0));
    tensor.setDouble(0x1.8p63, 0);
    assertEquals(0x1.8p63, tensor.getDouble(0));
    assertEquals(0xC000000000000000L, tensor.getLong(0));
    assertThrows(IllegalArgumentException.class, () -> tensor.setDouble(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> tensor.setDouble(0x1p64, 0));
  }

  @Test
  void halfBytesLieLowThenHigh() {
    Tensor tensor = Tensor.copyOf(DType.U4, Shape.of(3), new byte[] {0x21, 0x03});
    assertArrayEquals(new long[] {1, 2, 3}, tensor.toLongs());
    tensor.setLong(15, 1);
    assertEquals((byte) 0xf1, tensor.data().get(ValueLayout.JAVA_BYTE, 0));
    Tensor signed = Tensor.copyOf(DType.I4, Shape.of(2), new byte[] {(byte) 0x8f});
    assertArrayEquals(new long[] {-1, -8}, signed.toLongs());
  }

  @Test
  void complexNumbersAreNoSingleOnes() {
    Tensor tensor = Tensor.allocate(DType.C64, Shape.of(2));
    assertEquals(16, tensor.sizeBytes());
    assertThrows(IllegalArgumentException.class, () -> tensor.getDouble(0));
    assertThrows(IllegalArgumentException.class, () -> tensor.setDouble(1, 0));
    assertThrows(IllegalArgumentException.class, () -> tensor.getLong(0));
    assertThrows(IllegalArgumentException.class, () -> tensor.setLong(1, 0));
  }

  @Test
  void viewsShareTheMemory() {
    Tensor tensor = Tensor.of(Shape.of(3, 2), 0f, 1f, 2f, 3f, 4f, 5f);
    Tensor rows = tensor.rows(1, 2);
    assertEquals(Shape.of(2, 2), rows.shape());
    assertArrayEquals(new float[] {2, 3, 4, 5}, rows.toFloats());
    rows.setDouble(9, 0, 0);
    assertEquals(9, tensor.getDouble(1, 0));
    assertEquals(9, tensor.reshape(Shape.of(6)).getDouble(2));
    assertEquals(0, tensor.rows(3, 0).sizeBytes());
    assertThrows(IndexOutOfBoundsException.class, () -> tensor.rows(2, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> tensor.rows(-1, 1));
    assertThrows(IllegalArgumentException.class, () -> tensor.reshape(Shape.of(5)));
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(Shape.scalar(), 1f).rows(0, 1));
    assertEquals(Shape.of(0, 0), Tensor.allocate(DType.F32, Shape.of(5, 0)).rows(2, 0).shape());
  }

  @Test
  void rowsOfHalfBytesAreViewsOnlyWhereBytesAllowIt() {
    Tensor odd = Tensor.allocate(DType.U4, Shape.of(3, 3));
    assertEquals(2, odd.rows(2, 1).sizeBytes());
    assertEquals(5, odd.rows(0, 3).sizeBytes());
    assertEquals(3, odd.rows(0, 2).sizeBytes());
    assertThrows(IllegalArgumentException.class, () -> odd.rows(0, 1));
    assertThrows(IllegalArgumentException.class, () -> odd.rows(1, 2));
  }

  @Test
  void throughAReadOnlyViewNothingIsWritten() {
    Tensor tensor = Tensor.of(Shape.of(2), 1, 2);
    Tensor view = tensor.asReadOnly();
    assertThrows(IllegalArgumentException.class, () -> view.setLong(3, 0));
    assertSame(view, view.asReadOnly());
    tensor.setLong(3, 0);
    assertEquals(3, view.getLong(0));
  }

  @Test
  void contentIsTypeShapeAndBytes() {
    Tensor tensor = Tensor.of(Shape.of(2), 1, 2);
    assertTrue(tensor.hasSameContent(Tensor.of(Shape.of(2), 1, 2)));
    assertFalse(tensor.hasSameContent(Tensor.of(Shape.of(2), 1, 3)));
    assertFalse(tensor.hasSameContent(Tensor.of(Shape.of(2, 1), 1, 2)));
    assertFalse(tensor.hasSameContent(Tensor.of(Shape.of(2), 1f, 2f)));
    assertNotEquals(tensor, Tensor.of(Shape.of(2), 1, 2));
  }

  /**
   * Goal: parts are cut and set rightly in any shape. Method: random boxes of random tensors, of
   * which each element is compared by its indices.
   */
  @ParameterizedTest
  @EnumSource(names = {"U8", "BF16", "F32", "C64", "U4"})
  void anyPartIsCopiedOutAndIn(DType dtype) {
    SplittableRandom random = new SplittableRandom(dtype.code());
    for (int round = 0; round < 200; round++) {
      long[] sizes = random.longs(random.nextInt(5), 0, 6).toArray();
      long[] offsets = new long[sizes.length];
      long[] parts = new long[sizes.length];
      for (int i = 0; i < sizes.length; i++) {
        offsets[i] = random.nextLong(sizes[i] + 1);
        parts[i] = random.nextLong(sizes[i] - offsets[i] + 1);
      }
      Shape shape = Shape.of(sizes);
      int bytes = (int) dtype.bytesOf(shape.elements());
      Tensor whole = Tensor.copyOf(dtype, shape, Bytes.of(bytes, round));
      Tensor part = whole.copyOfPart(Arena.ofAuto(), offsets, Shape.of(parts));
      Tensor target = Tensor.copyOf(dtype, shape, Bytes.of(bytes, -round));
      Tensor before = Tensor.copyOf(dtype, shape, target.data());
      target.setPart(offsets, part);
      long[] indices = new long[sizes.length];
      if (shape.elements() == 0) {
        continue;
      }
      do {
        boolean inside = true;
        long[] inPart = new long[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
          inPart[i] = indices[i] - offsets[i];
          inside &= inPart[i] >= 0 && inPart[i] < parts[i];
        }
        assertArrayEquals(
            bits(inside ? part : before, inside ? inPart : indices),
            bits(target, indices),
            shape + " at " + Arrays.toString(indices));
        if (inside) {
          assertArrayEquals(bits(whole, indices), bits(part, inPart));
        }
      } while (Parts.advance(indices, shape));
    }
  }

  private static byte[] bits(Tensor tensor, long[] indices) {
    if (tensor.dtype().bits() < 8) {
      return new byte[] {(byte) tensor.getLong(indices)};
    }
    long bytes = tensor.dtype().bytesOf(1);
    return tensor
        .data()
        .asSlice(tensor.shape().offsetOf(indices) * bytes, bytes)
        .toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void partsThatDoNotFitAreRefused() {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(3, 3));
    Arena arena = Arena.ofAuto();
    for (long[] wrong : new long[][] {{2, 0}, {-1, 0}, {0}, {0, 0, 0}, {Long.MAX_VALUE, 0}}) {
      assertThrows(
          IllegalArgumentException.class, () -> tensor.copyOfPart(arena, wrong, Shape.of(2, 2)));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> tensor.setPart(new long[] {0, 0}, Tensor.allocate(DType.I32, Shape.of(1, 1))));
    assertThrows(
        IllegalArgumentException.class,
        () -> tensor.setPart(new long[] {0}, Tensor.allocate(DType.F32, Shape.of(1))));
  }

  @Test
  void castsIntoATensorOfTheSameShape() {
    Tensor floats = Tensor.of(Shape.of(2), 1.5f, -2f);
    Tensor target = Tensor.allocate(DType.F16, Shape.of(2));
    floats.castInto(target);
    assertArrayEquals(new double[] {1.5, -2}, target.toDoubles());
    Tensor integers = Tensor.of(Shape.of(2), 5, 6);
    Tensor copy = Tensor.allocate(DType.I32, Shape.of(2));
    integers.castInto(copy);
    assertTrue(copy.hasSameContent(integers));
    assertThrows(IllegalArgumentException.class, () -> integers.castInto(floats));
    assertThrows(IllegalArgumentException.class, () -> floats.castInto(integers));
    assertThrows(IllegalArgumentException.class, () -> floats.cast(Arena.ofAuto(), DType.I8));
    assertThrows(
        IllegalArgumentException.class,
        () -> floats.castInto(Tensor.allocate(DType.F32, Shape.of(2, 1))));
    assertThrows(IllegalArgumentException.class, () -> floats.castInto(floats));
    assertThrows(
        IllegalArgumentException.class,
        () -> floats.castInto(Tensor.of(DType.F16, Shape.of(2), floats.data().asSlice(2, 4))));
  }
}
