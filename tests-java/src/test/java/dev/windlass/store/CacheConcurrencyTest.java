package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Goal: whatever threads do to a cache at once, values are whole, and at the end nothing is held.
 *
 * <p>Method: each does random things with few keys, under limits that evict all the time; a value's
 * bytes are all the same.
 */
@Timeout(180)
class CacheConcurrencyTest {
  private static final int THREADS = 6;
  private static final int ROUNDS = 150;
  private static final int KEYS = 4;

  @ParameterizedTest
  @EnumSource(Way.class)
  void valuesAreWholeAndNothingIsLeft(Way way) throws Exception {
    CacheOptions small = CacheOptions.usual().withLimitBytes(200_000).withLimitEntries(3);
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache(small);
        ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> done = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        SplittableRandom random = new SplittableRandom(thread);
        done.add(
            executor.submit(
                () -> {
                  for (int round = 0; round < ROUNDS; round++) {
                    act(stores.store, cache, random);
                  }
                  return null;
                }));
      }
      for (Future<?> each : done) {
        each.get();
      }
      assertTrue(cache.size() <= 3, cache.statistics().toString());
      assertTrue(cache.statistics().bytes() <= 200_000, cache.statistics().toString());
      cache.clear();
      assertEquals(0, cache.statistics().bytes());
      stores.store.deleteBatch(stores.store.keys().toList());
    }
  }

  private static void act(TensorStore store, TransportBufferCache cache, SplittableRandom random) {
    String key = "key" + random.nextInt(KEYS);
    try {
      switch (random.nextInt(10)) {
        case 0 -> cache.remove(key);
        case 1 -> cache.clear();
        case 2 -> store.deleteBatch(List.of(key));
        case 3, 4, 5 -> read(store, key, cache);
        default -> {
          Tensor value = Tensor.allocate(DType.U8, Shape.of(20_000 + 20_000L * random.nextInt(3)));
          value.data().fill((byte) random.nextInt());
          store.put(key, value, cache);
        }
      }
    } catch (WindlassException e) {
      assertEquals(Status.NOT_FOUND, e.status(), e.getMessage());
    }
  }

  private static void read(TensorStore store, String key, TransportBufferCache cache) {
    try (Leased leased = store.get(key, cache)) {
      Tensor tensor = leased.tensor();
      Tensor uniform = Tensor.allocate(DType.U8, tensor.shape());
      uniform.data().fill(tensor.data().get(ValueLayout.JAVA_BYTE, 0));
      assertTrue(uniform.hasSameContent(tensor), "bytes of two values");
    }
  }
}
