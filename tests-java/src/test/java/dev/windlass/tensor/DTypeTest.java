package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DTypeTest {
  @ParameterizedTest
  @EnumSource
  void eachIsFoundByItsNumberAndByItsName(DType dtype) {
    assertEquals(dtype, DType.of(dtype.code()));
    dtype
        .safetensorsName()
        .ifPresent(name -> assertEquals(Optional.of(dtype), DType.ofSafetensors(name)));
  }

  @Test
  void numbersThatAreNoneAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> DType.of(0));
    assertThrows(IllegalArgumentException.class, () -> DType.of(DType.values().length + 1));
    assertThrows(IllegalArgumentException.class, () -> DType.of(-1));
    assertEquals(Optional.empty(), DType.ofSafetensors("I4"));
    assertEquals(Optional.empty(), DType.ofSafetensors("f32"));
  }

  @Test
  void theBytesOfElementsAreCountedWithoutOverflow() {
    assertEquals(12, DType.F32.bytesOf(3));
    assertEquals(0, DType.F64.bytesOf(0));
    assertEquals(2, DType.I4.bytesOf(3));
    assertEquals(2, DType.U4.bytesOf(4));
    assertEquals(1L << 62, DType.I4.bytesOf(Long.MAX_VALUE));
    assertEquals(Long.MAX_VALUE, DType.U8.bytesOf(Long.MAX_VALUE));
    assertEquals(1L << 62, DType.F16.bytesOf(1L << 61));
    assertThrows(IllegalArgumentException.class, () -> DType.F16.bytesOf(1L << 62));
    assertThrows(IllegalArgumentException.class, () -> DType.C64.bytesOf(1L << 60));
    assertThrows(IllegalArgumentException.class, () -> DType.U8.bytesOf(-1));
  }

  @Test
  void sixAreFloating() {
    assertEquals(6, Arrays.stream(DType.values()).filter(DType::isFloating).count());
    assertTrue(DType.F8_E4M3.isFloating());
  }
}
