package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void aScalarHasOneElement() {
    assertEquals(1, Shape.scalar().elements());
    assertEquals(0, Shape.scalar().rank());
    assertEquals(Shape.scalar(), Shape.of());
    assertEquals(0, Shape.scalar().offsetOf());
  }

  @Test
  void elementsAreCountedAndFound() {
    Shape shape = Shape.of(2, 3, 4);
    assertEquals(24, shape.elements());
    assertEquals(3, shape.size(1));
    assertArrayEquals(new long[] {12, 4, 1}, shape.strides());
    assertEquals(23, shape.offsetOf(1, 2, 3));
    assertEquals(4, shape.offsetOf(0, 1, 0));
    assertEquals("[2, 3, 4]", shape.toString());
    assertThrows(IndexOutOfBoundsException.class, () -> shape.offsetOf(0, 3, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> shape.offsetOf(0, -1, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> shape.offsetOf(0, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> shape.size(3));
  }

  @Test
  void aDimensionOfZeroLeavesNothingAndHidesNoOverflow() {
    assertEquals(0, Shape.of(3, 0, 5).elements());
    assertThrows(IllegalArgumentException.class, () -> Shape.of(1L << 32, 0, 1L << 32));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(0, Long.MAX_VALUE, 2));
  }

  @Test
  void impossibleShapesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Shape.of(-1));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(Long.MAX_VALUE, 2));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(new long[17]));
    assertEquals(16, Shape.of(new long[16]).rank());
    assertEquals(Long.MAX_VALUE, Shape.of(Long.MAX_VALUE, 1).elements());
  }

  @Test
  void nobodyChangesAShape() {
    long[] sizes = {2, 3};
    Shape shape = Shape.of(sizes);
    sizes[0] = 7;
    shape.toArray()[1] = 7;
    assertEquals(Shape.of(2, 3), shape);
    assertEquals(Shape.of(2, 3).hashCode(), shape.hashCode());
    assertEquals(Shape.of(2, 9), shape.with(1, 9));
    assertEquals(Shape.of(2, 3), shape);
    assertNotEquals(Shape.of(3, 2), shape);
    assertNotEquals(Shape.of(2, 3, 1), shape);
  }
}
