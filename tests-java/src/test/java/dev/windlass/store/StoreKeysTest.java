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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoreKeysTest {
  private static void put(TensorStore store, String... keys) {
    store.putBatch(List.of(keys).stream().map(key -> PutItem.of(key, new byte[1])).toList());
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void keysAreFoundByTextAndByComponent(Way way) {
    try (Stores stores = Stores.open(way)) {
      TensorStore store = stores.store;
      put(store, "a/b", "a/b/c", "a/bc", "a", "b");
      assertEquals(List.of("a", "a/b", "a/b/c", "a/bc", "b"), store.keys().toList());
      assertEquals(List.of("a/b", "a/b/c", "a/bc"), store.keys("a/b").toList());
      assertEquals(List.of("a/b", "a/b/c"), store.keysUnder("a/b").toList());
      assertEquals(List.of(), store.keys("c").toList());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void thousandsOfKeysComeByPages(Way way) {
    try (Stores stores = Stores.open(way)) {
      List<String> keys = new ArrayList<>();
      for (int i = 0; i < 5000; i++) {
        keys.add("%s/%05d".formatted("long".repeat(40), i));
      }
      put(stores.store, keys.toArray(String[]::new));
      assertEquals(keys, stores.store.keys().toList());
      assertEquals(keys.subList(0, 10), stores.store.keys().limit(10).toList());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void describeTellsWhatIsThereWithoutItsBytes(Way way) {
    try (Stores stores = Stores.open(way)) {
      TensorStore store = stores.store;
      store.put("tensor", Stores.random(DType.BF16, Shape.of(3, 5), 1));
      put(store, "bytes");
      EntryInfo tensor = store.describe("tensor").orElseThrow();
      assertEquals(EntryKind.TENSOR, tensor.kind());
      assertEquals(Optional.of(DType.BF16), tensor.dtype());
      assertEquals(Shape.of(3, 5), tensor.shape());
      assertEquals(30, tensor.bytes());
      EntryInfo bytes = store.describe("bytes").orElseThrow();
      assertEquals(EntryKind.BYTES, bytes.kind());
      assertEquals(Optional.empty(), bytes.dtype());
      assertTrue(bytes.version() > tensor.version());
      assertEquals(
          List.of("tensor"), List.copyOf(store.describe(List.of("tensor", "nothing")).keySet()));
      assertEquals(Optional.empty(), store.describe("nothing"));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void deletingWhatIsNotThereIsAnErrorAloneAndNoneInABatch(Way way) {
    try (Stores stores = Stores.open(way)) {
      TensorStore store = stores.store;
      put(store, "a", "b");
      store.delete("a");
      assertFalse(store.exists("a"));
      assertTrue(store.exists("b"));
      WindlassException missing = assertThrows(WindlassException.class, () -> store.delete("a"));
      assertEquals(Status.NOT_FOUND, missing.status());
      assertEquals(1, store.deleteBatch(List.of("a", "b")));
      assertEquals(0, store.deleteBatch(List.of("a", "b")));
      WindlassException unpinned = assertThrows(WindlassException.class, () -> store.pin("a"));
      assertEquals(Status.NOT_FOUND, unpinned.status());
    }
  }
}
