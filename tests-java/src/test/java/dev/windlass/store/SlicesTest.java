package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import dev.windlass.tensor.TensorSlice;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tensors that several writers put in parts, and parts of tensors. */
class SlicesTest {
  private static void assertStatus(Status status, String named, Runnable call) {
    WindlassException thrown = assertThrows(WindlassException.class, call::run);
    assertEquals(status, thrown.status(), thrown.getMessage());
    assertTrue(String.valueOf(thrown.getMessage()).contains(named), thrown.getMessage());
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void shardsAreReadableOnceAllAreThereAndInAnyPart(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      TensorStore store = stores.store;
      Tensor whole = Stores.random(DType.F32, Shape.of(9, 14), 1);
      List<TensorSlice> slices = TensorSlice.cut(whole.shape(), Shape.of(2, 3), 0, 1);
      for (TensorSlice slice : slices.subList(0, slices.size() - 1)) {
        store.putSlice("sharded", slice.copyFrom(whole), slice, cache);
      }
      assertStatus(Status.INCOMPLETE, "sharded", () -> store.get("sharded"));
      assertFalse(store.exists("sharded"));
      assertEquals(1, store.describe("sharded").orElseThrow().missingShards());
      store.putSlice("sharded", slices.getLast().copyFrom(whole), slices.getLast());
      assertTrue(whole.hasSameContent(store.get("sharded")));
      try (Leased leased = store.get("sharded", cache)) {
        assertTrue(whole.hasSameContent(leased.tensor()));
      }
      try (Leased leased = store.lease("sharded")) {
        assertTrue(whole.hasSameContent(leased.tensor()));
      }
      Shape part = Shape.of(6, 7);
      long[] offsets = {2, 3};
      Tensor wanted = whole.copyOfPart(Arena.ofAuto(), offsets, part);
      assertTrue(wanted.hasSameContent(store.getSlice("sharded", offsets, part)));
      Tensor into = Tensor.allocate(DType.F32, part);
      store.getSliceInto("sharded", offsets, into);
      assertTrue(wanted.hasSameContent(into));
      assertThrows(
          IllegalArgumentException.class, () -> store.getSlice("sharded", new long[] {4, 0}, part));
      Tensor wrongType = Tensor.allocate(DType.I32, part);
      assertStatus(
          Status.MISMATCH, "sharded", () -> store.getSliceInto("sharded", offsets, wrongType));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aNewVersionOfShardsIsSeenOnceItIsComplete(Way way) {
    try (Stores stores = Stores.open(way)) {
      Tensor first = Stores.random(DType.I16, Shape.of(10, 3), 1);
      Tensor second = Stores.random(DType.I16, Shape.of(10, 3), 2);
      List<TensorSlice> slices = TensorSlice.cutRows(first.shape(), 4);
      for (TensorSlice slice : slices) {
        stores.store.putSlice("key", slice.copyFrom(first), slice);
      }
      for (TensorSlice slice : slices) {
        assertTrue(first.hasSameContent(stores.store.get("key")));
        stores.store.putSlice("key", slice.copyFrom(second), slice);
      }
      assertTrue(second.hasSameContent(stores.store.get("key")));
      Tensor whole = Stores.random(DType.I16, Shape.of(2), 3);
      assertStatus(Status.MISMATCH, "key", () -> stores.store.put("key", whole));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aPartOfAWholeTensorIsReadAlone(Way way) {
    try (Stores stores = Stores.open(way)) {
      Tensor whole = Stores.random(DType.BF16, Shape.of(40, 30, 20), 1);
      stores.store.put("key", whole);
      long[] offsets = {3, 5, 7};
      Shape shape = Shape.of(10, 11, 12);
      Tensor part = stores.store.getSlice("key", offsets, shape);
      assertTrue(whole.copyOfPart(Arena.ofAuto(), offsets, shape).hasSameContent(part));
      assertEquals(0, stores.store.getSlice("key", offsets, Shape.of(0, 1, 1)).shape().elements());
      assertThrows(
          IllegalArgumentException.class,
          () -> stores.store.getSlice("key", new long[] {0}, Shape.of(1)));
    }
  }
}
