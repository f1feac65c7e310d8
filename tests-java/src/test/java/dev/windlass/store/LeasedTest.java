package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LeasedTest {
  private static final Shape SHAPE = Shape.of(1 << 18);

  /** Over a connection, letting go of a lease is told to the volume, and not waited for. */
  private static void awaitNoLeases(Volume volume) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (volume.info().leases() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(0, volume.info().leases());
  }

  private static Tensor tensor(long seed) {
    return Stores.random(DType.U8, SHAPE, seed);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void whatIsLeasedStaysAsItIsUntilItIsClosedAndThenThrows(Way way) {
    try (Stores stores = Stores.open(way)) {
      stores.store.put("key", tensor(1));
      Leased leased = stores.store.lease("key");
      Tensor view = leased.tensor();
      long version = leased.version("key");
      stores.store.put("key", tensor(2));
      assertTrue(tensor(1).hasSameContent(view));
      stores.store.delete("key");
      assertTrue(tensor(1).hasSameContent(view));
      assertTrue(version > 0);
      leased.close();
      leased.close();
      assertThrows(IllegalStateException.class, () -> view.getLong(0));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void itIsReadOnlyAndWithoutACopyWhereMemoryIsShared(Way way) {
    try (Stores stores = Stores.open(way)) {
      stores.store.put("key", tensor(1));
      try (Leased leased = stores.store.lease("key")) {
        assertEquals(way != Way.TCP, leased.isZeroCopy());
        MemorySegment bytes = leased.bytes();
        assertThrows(
            IllegalArgumentException.class, () -> bytes.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
        if (way != Way.TCP) {
          assertTrue(stores.store.info().mappedBytes() >= SHAPE.elements());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void manyOfOneInstantAndOfEitherKind(Way way) {
    try (Stores stores = Stores.open(way)) {
      stores.store.putBatch(
          List.of(
              PutItem.of("a", tensor(1)),
              PutItem.of("b", new byte[] {1, 2, 3}),
              PutItem.of("empty", Tensor.allocate(DType.F32, Shape.of(0)))));
      try (Leased leased = stores.store.lease("b", "a", "empty")) {
        assertEquals(List.of("b", "a", "empty"), List.copyOf(leased.keys()));
        assertEquals(EntryKind.BYTES, leased.kind("b"));
        assertEquals(3, leased.bytes("b").byteSize());
        assertTrue(tensor(1).hasSameContent(leased.tensor("a")));
        assertEquals(0, leased.tensor("empty").sizeBytes());
        assertEquals(leased.version("a"), leased.version("b"));
        assertThrows(IllegalArgumentException.class, () -> leased.tensor("c"));
        assertThrows(IllegalStateException.class, leased::tensor);
        WindlassException wrong = assertThrows(WindlassException.class, () -> leased.tensor("b"));
        assertEquals(Status.MISMATCH, wrong.status());
      }
      awaitNoLeases(stores.volume);
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void itOutlivesTheStore(Way way) {
    try (Stores stores = Stores.open(way)) {
      stores.store.put("key", tensor(1));
      TensorStore other = stores.another();
      try (Leased leased = other.lease("key")) {
        other.close();
        assertTrue(tensor(1).hasSameContent(leased.tensor()));
      }
    }
  }
}
