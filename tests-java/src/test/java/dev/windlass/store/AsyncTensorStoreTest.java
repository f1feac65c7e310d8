package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AsyncTensorStoreTest {
  private static final Shape SHAPE = Shape.of(1000);

  @ParameterizedTest
  @EnumSource(Way.class)
  void manyCallsAtOnceAllComeToTheirEnd(Way way) {
    try (Stores stores = Stores.open(way);
        TransportBufferCache cache = new TransportBufferCache()) {
      AsyncTensorStore async = stores.store.async();
      List<CompletableFuture<PutReport>> puts = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        puts.add(async.put("key" + i, Stores.random(DType.U8, SHAPE, i), cache));
      }
      puts.forEach(CompletableFuture::join);
      List<CompletableFuture<Tensor>> gets = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        gets.add(async.get("key" + i));
      }
      for (int i = 0; i < 50; i++) {
        assertTrue(Stores.random(DType.U8, SHAPE, i).hasSameContent(gets.get(i).join()));
      }
      assertEquals(50, cache.size());
    }
  }

  @Test
  void everyCallIsThereAsAFuture() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      AsyncTensorStore async = store.async();
      Tensor tensor = Stores.random(DType.F32, SHAPE, 1);
      async.put("a", tensor).join();
      async.putBatch(List.of(PutItem.of("b", tensor))).join();
      async.putBatch(List.of(PutItem.of("c", tensor)), PutOptions.usual(), cache).join();
      assertEquals(2, async.getBatch(List.of("a", "b")).join().size());
      async.get("a", cache).join().close();
      async.getBatch(List.of("a", "b"), cache).join().close();
      async.lease(List.of("c")).join().close();
      Tensor into = Tensor.allocate(DType.F32, SHAPE);
      async.getInto(Map.of("a", into)).join();
      assertTrue(tensor.hasSameContent(into));
      assertEquals(5, async.getSlice("a", new long[] {3}, Shape.of(5)).join().shape().elements());
      StateDict dict = StateDict.of(Map.of("x", tensor));
      StateDictOptions usual = StateDictOptions.usual();
      async.putStateDict("dict", dict, usual).join();
      async.putStateDict("dict", dict, usual, cache).join();
      async.getStateDict("dict", usual).join().close();
      async.getStateDict("dict", usual, cache).join().close();
      async.getStateDictInto("dict", StateDict.of(Map.of("x", into)), usual).join();
    }
  }

  @Test
  void aFailureIsTheFuturesAndAClosedStoreTakesNoMore() {
    TensorStore store = TensorStore.open("local:");
    CompletionException missing =
        assertThrows(CompletionException.class, () -> store.async().get("nothing").join());
    WindlassException cause = assertInstanceOf(WindlassException.class, missing.getCause());
    assertEquals(Status.NOT_FOUND, cause.status());
    store.close();
    CompletionException stale =
        assertThrows(CompletionException.class, () -> store.async().get("nothing").join());
    cause = assertInstanceOf(WindlassException.class, stale.getCause());
    assertEquals(Status.STALE_HANDLE, cause.status());
  }

  @Test
  void aStoreCanBeClosedByWhatFollowsAFuture() {
    TensorStore store = TensorStore.open("local:");
    Tensor tensor = Stores.random(DType.F32, SHAPE, 1);
    store.async().put("key", tensor).thenRun(store::close).join();
    CompletionException stale =
        assertThrows(CompletionException.class, () -> store.async().get("key").join());
    assertInstanceOf(WindlassException.class, stale.getCause());
  }
}
