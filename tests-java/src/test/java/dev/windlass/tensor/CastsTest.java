package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal: every cast rounds as the definition of the target's format says. Method: every code of each
 * narrow format, and of the wide ones each value that stands exactly between two of the target, its
 * neighbours, and random ones, are cast and compared with {@link NarrowFormat}.
 */
class CastsTest {
  private static final List<NarrowFormat> NARROW =
      List.of(NarrowFormat.F16, NarrowFormat.BF16, NarrowFormat.E4M3, NarrowFormat.E5M2);

  static Stream<NarrowFormat> narrow() {
    return NARROW.stream();
  }

  static Stream<Arguments> pairs() {
    return NARROW.stream()
        .flatMap(
            from ->
                NARROW.stream().filter(to -> !to.equals(from)).map(to -> Arguments.of(from, to)));
  }

  /** A tensor of all codes of a format. */
  private static Tensor allCodes(NarrowFormat format) {
    Tensor tensor = Tensor.allocate(format.dtype(), Shape.of(format.codes()));
    for (int code = 0; code < format.codes(); code++) {
      if (format.dtype().bits() == 8) {
        tensor.data().set(ValueLayout.JAVA_BYTE, code, (byte) code);
      } else {
        tensor.data().setAtIndex(ValueLayout.JAVA_SHORT, code, (short) code);
      }
    }
    return tensor;
  }

  private static int codeAt(Tensor tensor, int element) {
    return tensor.dtype().bits() == 8
        ? tensor.data().get(ValueLayout.JAVA_BYTE, element) & 0xff
        : tensor.data().getAtIndex(ValueLayout.JAVA_SHORT, element) & 0xffff;
  }

  private static void assertRounded(NarrowFormat format, double[] values, Tensor result) {
    TreeMap<Double, Integer> magnitudes = format.magnitudes();
    for (int i = 0; i < values.length; i++) {
      int code = codeAt(result, i);
      if (Double.isNaN(values[i])) {
        assertTrue(Double.isNaN(format.value(code)), "a NaN became " + format.value(code));
      } else if (code != format.nearest(values[i], magnitudes)) {
        assertEquals(
            Integer.toHexString(format.nearest(values[i], magnitudes)),
            Integer.toHexString(code),
            values[i] + " to " + format.dtype());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void everyCodeIsWidenedExactly(NarrowFormat format) {
    Tensor codes = allCodes(format);
    double[] wide = codes.cast(Arena.ofAuto(), DType.F64).toDoubles();
    float[] floats = codes.toFloats();
    for (int code = 0; code < format.codes(); code++) {
      double expected = format.value(code);
      assertEquals(expected, wide[code], "code " + code);
      assertEquals((float) expected, floats[code], "code " + code);
      assertEquals(expected, codes.getDouble(code), "code " + code);
    }
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void everyCodeComesBackFromWiderTypes(NarrowFormat format) {
    Tensor codes = allCodes(format);
    for (DType wide : List.of(DType.F32, DType.F64)) {
      Tensor back = codes.cast(Arena.ofAuto(), wide).cast(Arena.ofAuto(), format.dtype());
      for (int code = 0; code < format.codes(); code++) {
        if (Double.isNaN(format.value(code))) {
          assertTrue(Double.isNaN(back.getDouble(code)));
          assertEquals(code * 2 / format.codes(), codeAt(back, code) * 2 / format.codes(), "sign");
        } else {
          assertEquals(code, codeAt(back, code));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void everyCodeIsRoundedToAnotherNarrowFormat(NarrowFormat from, NarrowFormat to) {
    Tensor codes = allCodes(from);
    double[] values = new double[from.codes()];
    for (int code = 0; code < values.length; code++) {
      values[code] = from.value(code);
    }
    assertRounded(to, values, codes.cast(Arena.ofAuto(), to.dtype()));
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void floatsAreRoundedOnceToTheNearest(NarrowFormat format) {
    List<Float> values = new ArrayList<>();
    eachMiddle(
        format,
        middle -> {
          float exact = (float) middle;
          assertEquals(middle, exact);
          values.addAll(List.of(exact, Math.nextUp(exact), Math.nextDown(exact), -exact));
        });
    SplittableRandom random = new SplittableRandom(1);
    random.ints(200_000).mapToObj(Float::intBitsToFloat).forEach(values::add);
    values.addAll(List.of(Float.MAX_VALUE, Float.MIN_VALUE, -Float.MIN_NORMAL, 0f, -0f));
    values.addAll(
        List.of(
            Float.NaN,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.intBitsToFloat(0xff800001)));
    float[] floats = new float[values.size()];
    double[] doubles = new double[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
      doubles[i] = floats[i];
    }
    Tensor tensor = Tensor.of(Shape.of(floats.length), floats);
    assertRounded(format, doubles, tensor.cast(Arena.ofAuto(), format.dtype()));
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void doublesAreRoundedOnceToTheNearest(NarrowFormat format) {
    List<Double> values = new ArrayList<>();
    // A double beside the middle becomes the middle itself as a float: rounded twice, it is wrong.
    eachMiddle(
        format,
        middle ->
            values.addAll(
                List.of(middle, Math.nextUp(middle), Math.nextDown(middle), -Math.nextUp(middle))));
    SplittableRandom random = new SplittableRandom(2);
    random.longs(200_000).mapToObj(Double::longBitsToDouble).forEach(values::add);
    random.doubles(100_000, -500, 500).forEach(values::add);
    values.addAll(List.of(Double.MAX_VALUE, -Double.MAX_VALUE, Double.MIN_VALUE, 0.0, -0.0));
    values.addAll(List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY));
    double[] doubles = values.stream().mapToDouble(Double::doubleValue).toArray();
    Tensor tensor = Tensor.of(Shape.of(doubles.length), doubles);
    assertRounded(format, doubles, tensor.cast(Arena.ofAuto(), format.dtype()));
    Tensor set = Tensor.allocate(format.dtype(), Shape.of(doubles.length));
    for (int i = 0; i < doubles.length; i++) {
      set.setDouble(doubles[i], i);
    }
    assertRounded(format, doubles, set);
  }

  private static void eachMiddle(NarrowFormat format, DoubleConsumer consumer) {
    double before = 0;
    for (double magnitude : format.magnitudes().keySet()) {
      double middle = before + (magnitude - before) / 2;
      if (middle <= Float.MAX_VALUE) {
        consumer.accept(middle);
      }
      before = magnitude;
    }
  }

  @Test
  void doublesBecomeFloatsAsTheLanguageDoesIt() {
    double[] values = new SplittableRandom(3).doubles(10_000, -1e40, 1e40).toArray();
    Tensor cast = Tensor.of(Shape.of(10_000), values).cast(Arena.ofAuto(), DType.F32);
    float[] back = cast.toFloats();
    for (int i = 0; i < values.length; i++) {
      assertEquals((float) values[i], back[i]);
    }
    assertEquals(0.1f, Tensor.of(Shape.of(1), 0.1).toFloats()[0]);
  }

  @Test
  void blocksAndTheirRestsMeetWithoutAGap() {
    for (int count : new int[] {0, 1, 2047, 2048, 2049, 5000}) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = i % 256;
      }
      // Behind the target lies a byte that has to stay as it is.
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(count * 2L + 1);
        memory.set(ValueLayout.JAVA_BYTE, count * 2L, (byte) 77);
        Tensor target = Tensor.of(DType.BF16, Shape.of(count), memory.asSlice(0, count * 2L));
        Tensor.of(Shape.of(count), values).castInto(target);
        assertEquals(77, memory.get(ValueLayout.JAVA_BYTE, count * 2L));
        for (int i = 0; i < count; i++) {
          assertEquals(values[i], target.getDouble(i));
        }
      }
    }
  }
}
