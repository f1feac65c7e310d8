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
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import dev.windlass.tensor.TensorSlice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the original's tests hold, over every way; then what goes beyond it. */
class TransportBufferCacheTest {
  private static final Shape SHAPE = Shape.of(100, 100);

  private static Tensor tensor(long seed) {
    return Stores.random(DType.F32, SHAPE, seed);
  }

  private static StateDict dict(long seed) {
    return StateDict.of(
        Map.of(
            "layer1",
            Map.of(
                "weight", Stores.random(DType.BF16, Shape.of(10, 10), seed),
                "bias", Stores.random(DType.F32, Shape.of(10), seed + 1))));
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aSecondPutOfAKeyLeavesTheSizeAsItIs(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      assertEquals(0, cache.size());
      stores.store.put("tensor", tensor(1), cache);
      assertEquals(1, cache.size());
      stores.store.put("tensor", tensor(2), cache);
      assertEquals(1, cache.size());
      CacheStatistics statistics = cache.statistics();
      assertEquals(1, statistics.hits());
      assertEquals(1, statistics.misses());
      assertTrue(statistics.registrationsSaved() >= 1, statistics.toString());
      assertTrue(statistics.bytes() >= 40_000, statistics.toString());
      assertTrue(tensor(2).hasSameContent(stores.store.get("tensor")));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void afterClearTheFirstGetCachesAgainAndReturnsTheNewest(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      stores.store.put("tensor", tensor(1), cache);
      cache.clear();
      assertEquals(0, cache.size());
      stores.store.put("tensor", tensor(2));
      for (int round = 0; round < 3; round++) {
        try (Leased leased = stores.store.get("tensor", cache)) {
          assertTrue(tensor(2).hasSameContent(leased.tensor()));
        }
        assertEquals(1, cache.size());
      }
      assertEquals(2, cache.statistics().hits());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aStateDictHasAnEntryForEachValueAndItsMapping(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      stores.store.putStateDict("checkpoint", dict(1), cache);
      assertEquals(3, cache.size());
      assertTrue(cache.get("checkpoint/layer1/weight").isPresent());
      assertTrue(cache.get("checkpoint/layer1/bias").isPresent());
      assertTrue(cache.get("checkpoint/MAPPING").isPresent());
      stores.store.putStateDict("checkpoint", dict(2), cache);
      assertEquals(3, cache.size());
      assertEquals(3, cache.statistics().hits());
      try (ReceivedStateDict received = stores.store.getStateDict("checkpoint", cache)) {
        assertTrue(
            dict(2)
                .tensors()
                .get("layer1/weight")
                .hasSameContent(received.dict().tensors().get("layer1/weight")));
      }
      assertEquals(3, cache.size());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void removeIsAboutOneKeyOnly(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      stores.store.put("tensor1", tensor(1), cache);
      stores.store.put("tensor2", tensor(2), cache);
      assertEquals(2, cache.size());
      assertTrue(cache.remove("tensor1"));
      assertFalse(cache.remove("tensor1"));
      assertEquals(1, cache.size());
      assertTrue(cache.get("tensor1").isEmpty());
      assertTrue(cache.get("tensor2").isPresent());
      assertTrue(tensor(1).hasSameContent(stores.store.get("tensor1")));
      cache.clear();
      assertEquals(0, cache.size());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aSlotHitsThoughTheKeyIsAnotherEachTime(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      BufferSlot slot = cache.slot("checkpoint");
      for (int epoch = 0; epoch < 5; epoch++) {
        stores.store.putStateDict("checkpoint_" + epoch, dict(epoch), slot);
        assertEquals(3, cache.size());
        if (epoch > 0) {
          stores.store.deleteBatch(stores.store.keysUnder("checkpoint_" + (epoch - 1)).toList());
        }
      }
      CacheStatistics statistics = cache.statistics();
      assertEquals(12, statistics.hits());
      assertEquals(3, statistics.misses());
      assertEquals(0.8, statistics.hitRate());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void deletingAKeyDropsItsBuffer(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      stores.store.put("one", tensor(1), cache);
      stores.store.put("two", tensor(2), cache);
      stores.store.delete("one");
      assertEquals(1, cache.size());
      stores.store.deleteBatch(List.of("two", "three"));
      assertEquals(0, cache.size());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aClosedStoresBuffersAreDroppedAndThoseOfOthersStay(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      stores.store.put("key", tensor(1), cache);
      try (TensorStore other = stores.another()) {
        other.put("key", tensor(2), cache);
        assertEquals(2, cache.size());
      }
      assertEquals(1, cache.size());
      stores.store.put("key", tensor(3), cache);
      assertEquals(1, cache.statistics().hits());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void anotherShapeOrTypeIsCountedAndReallocates(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      List<Tensor> values =
          List.of(
              tensor(1),
              Stores.random(DType.F32, Shape.of(50, 200), 2),
              Stores.random(DType.I32, Shape.of(50, 200), 3),
              Stores.random(DType.I32, Shape.of(500, 200), 4));
      for (Tensor value : values) {
        stores.store.put("key", value, cache);
        try (Leased leased = stores.store.get("key", cache)) {
          assertTrue(value.hasSameContent(leased.tensor()));
        }
      }
      assertEquals(3, cache.statistics().reallocations());
      assertEquals(1, cache.size());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void inStrictModeAnotherShapeIsAnErrorAndNothingIsPut(Way way) {
    CacheOptions strict = CacheOptions.usual().withStrict(true);
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache(strict)) {
      stores.store.put("key", tensor(1), cache);
      Tensor other = Stores.random(DType.F32, Shape.of(7), 2);
      List<PutItem> batch = List.of(PutItem.of("new", other), PutItem.of("key", other));
      WindlassException refused =
          assertThrows(WindlassException.class, () -> stores.store.putBatch(batch, cache));
      assertEquals(Status.MISMATCH, refused.status());
      assertFalse(stores.store.exists("new"));
      assertEquals(1, cache.size());
      stores.store.put("key", tensor(2), cache);
      assertEquals(1, cache.statistics().hits());
      stores.store.put("key", other);
      assertThrows(WindlassException.class, () -> stores.store.get("key", cache));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void smallValuesHaveEntriesAndNeedNoRoom(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      Tensor small = Stores.random(DType.U8, Shape.of(1000), 1);
      stores.store.put("small", small, cache);
      stores.store.put("small", small, cache);
      assertEquals(1, cache.statistics().hits());
      assertFalse(cache.get("small").orElseThrow().hasRoom());
      assertEquals(0, cache.statistics().bytes());
      assertTrue(small.hasSameContent(stores.store.get("small")));
    }
  }

  @Test
  void theLimitsEvictWhatWasNotUsedForLongest() {
    CacheOptions few = CacheOptions.usual().withLimitEntries(2);
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache(few)) {
      store.put("a", tensor(1), cache);
      store.put("b", tensor(2), cache);
      store.put("a", tensor(3), cache);
      store.put("c", tensor(4), cache);
      assertTrue(cache.get("a").isPresent());
      assertTrue(cache.get("b").isEmpty());
      assertEquals(1, cache.statistics().evictions());
    }
    CacheOptions small = CacheOptions.usual().withLimitBytes(100_000);
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache(small)) {
      for (int i = 0; i < 4; i++) {
        store.put("key" + i, tensor(i), cache);
        assertTrue(cache.statistics().bytes() <= 100_000);
      }
      assertEquals(2, cache.size());
      Tensor large = Stores.random(DType.U8, Shape.of(200_000), 1);
      store.put("large", large, cache);
      assertEquals(1, cache.statistics().bypasses());
      assertTrue(large.hasSameContent(store.get("large")));
    }
  }

  @Test
  void withoutALimitItIsAShareOfTheMachinesMemory() {
    long limit = new TransportBufferCache().statistics().limitBytes();
    assertTrue(limit > 0, "limit " + limit);
    assertTrue(limit < 1L << 50, "limit " + limit);
    assertThrows(IllegalArgumentException.class, () -> CacheOptions.usual().withLimitBytes(-1));
    assertThrows(IllegalArgumentException.class, () -> CacheOptions.usual().withLimitEntries(0));
  }

  @Test
  void aPutThatFailsLeavesNoBuffer() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      store.put("key", tensor(1));
      PutOptions never = PutOptions.usual().onlyIfAbsent("key");
      List<PutItem> items = List.of(PutItem.of("key", tensor(2)));
      assertThrows(WindlassException.class, () -> store.putBatch(items, never, cache));
      assertEquals(0, cache.size());
      store.put("key", tensor(3), cache);
      assertThrows(WindlassException.class, () -> store.putBatch(items, never, cache));
      assertEquals(1, cache.size());
      store.put("key", tensor(4), cache);
      assertTrue(tensor(4).hasSameContent(store.get("key")));
    }
  }

  @Test
  void aGetThatFailsLeavesNoBufferAndResultsKeepTheirs() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      assertThrows(WindlassException.class, () -> store.get("key", cache));
      assertEquals(0, cache.size());
      store.put("key", tensor(1));
      Leased first = store.get("key", cache);
      store.put("key", tensor(2));
      Leased second = store.get("key", cache);
      assertTrue(tensor(1).hasSameContent(first.tensor()), "lent memory is not used again");
      assertTrue(tensor(2).hasSameContent(second.tensor()));
      cache.clear();
      assertTrue(tensor(1).hasSameContent(first.tensor()), "it is freed only once it is closed");
      Tensor stale = first.tensor();
      first.close();
      assertThrows(IllegalStateException.class, () -> stale.getDouble(0, 0));
      second.close();
      second.close();
      assertEquals(0, cache.statistics().bytes());
    }
  }

  @Test
  void eachShardHasABufferOfItsOwn() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      Tensor whole = tensor(1);
      List<PutItem> shards = new ArrayList<>();
      for (TensorSlice slice : TensorSlice.cutRows(SHAPE, 3)) {
        shards.add(PutItem.of("sharded", slice.copyFrom(whole), slice));
      }
      store.putBatch(shards, cache);
      store.putBatch(shards, cache);
      assertEquals(3, cache.size());
      assertEquals(3, cache.statistics().hits());
      store.delete("sharded");
      assertEquals(0, cache.size());
    }
  }

  @Test
  void putsOfOneKeyAtOnceNeverShareABuffer() throws Exception {
    int threads = 8;
    int rounds = 50;
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache();
        ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<?>> done = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        Tensor value = Tensor.allocate(DType.U8, Shape.of(50_000));
        value.data().fill((byte) thread);
        done.add(
            executor.submit(
                () -> {
                  start.await();
                  for (int round = 0; round < rounds; round++) {
                    store.put("key", value, cache);
                    try (Leased leased = store.get("key", cache)) {
                      requireUniform(leased.tensor());
                    }
                  }
                  return null;
                }));
      }
      start.countDown();
      for (Future<?> each : done) {
        each.get();
      }
      CacheStatistics all = cache.statistics();
      assertEquals(1, all.entries());
      assertEquals(
          2L * threads * rounds,
          all.hits() + all.misses() + all.reallocations() + all.busy() + all.bypasses(),
          all.toString());
    }
  }

  private static void requireUniform(Tensor tensor) {
    byte first = tensor.data().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
    Tensor same = Tensor.allocate(tensor.dtype(), tensor.shape());
    same.data().fill(first);
    assertTrue(tensor.hasSameContent(same), "bytes of two puts");
  }
}
