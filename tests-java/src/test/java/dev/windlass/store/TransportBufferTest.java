package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransportBufferTest {
  @ParameterizedTest
  @EnumSource(Way.class)
  void oneThatWasMadeAheadServesTheFirstPut(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      TransportBuffer buffer = TransportBuffer.open(stores.store, 100_000);
      assertTrue(buffer.hasRoom());
      assertEquals(100_000, buffer.sizeBytes());
      assertEquals(100_000, buffer.heldBytes());
      long generation = buffer.generation().orElseThrow();
      cache.put("key", buffer);
      stores.store.put("key", Stores.random(DType.U8, Shape.of(90_000), 1), cache);
      assertEquals(1, cache.statistics().hits());
      assertTrue(buffer.generation().orElseThrow() > generation, "its room is another");
      assertTrue(cache.get("key").orElseThrow() == buffer);
    }
  }

  @Test
  void aCacheTakesOneOnceAndClosesIt() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache();
        TransportBufferCache other = new TransportBufferCache()) {
      TransportBuffer buffer = TransportBuffer.open(store, 4096);
      cache.put("key", buffer);
      assertThrows(IllegalStateException.class, () -> other.put("key", buffer));
      cache.remove("key");
      assertFalse(buffer.hasRoom());
      assertThrows(IllegalStateException.class, () -> cache.put("key", buffer));
      assertEquals(0, cache.statistics().bytes());
    }
  }

  @Test
  void oneThatSomebodyClosedInTheCacheIsMadeAnew() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      store.put("key", Stores.random(DType.U8, Shape.of(5000), 1), cache);
      cache.get("key").orElseThrow().close();
      store.put("key", Stores.random(DType.U8, Shape.of(5000), 2), cache);
      assertEquals(2, cache.statistics().misses());
      assertEquals(1, cache.size());
    }
  }

  @Test
  void oneForNothingIsRefused() {
    try (TensorStore store = TensorStore.open("local:")) {
      assertThrows(IllegalArgumentException.class, () -> TransportBuffer.open(store, 0));
      TransportBuffer unused = TransportBuffer.open(store, 1);
      unused.close();
      unused.close();
    }
  }
}
