package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class PutLoansTest {
  private static final Tensor TENSOR = Stores.random(DType.U8, Shape.of(50_000), 1);

  private static PutLoans borrow(TensorStore store, TransportBufferCache cache) {
    List<PutItem> items = List.of(PutItem.of("key", TENSOR));
    return PutLoans.of(store, items, cache, PutLoans.names(items, cache));
  }

  private static void fail(TensorStore store, TransportBufferCache cache, Status status) {
    try (PutLoans loans = borrow(store, cache)) {
      loans.failed(new WindlassException(status, 0, "as a test has it"));
    }
  }

  @Test
  void whatFailedInARegistrationIsNeverUsedAgain() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      store.put("key", TENSOR, cache);
      TransportBuffer doubtful = cache.get("key").orElseThrow();
      fail(store, cache, Status.DEVICE);
      assertEquals(0, cache.size());
      assertEquals(1, cache.statistics().quarantined());
      assertTrue(doubtful.hasRoom(), "it is kept, since somebody may still write to it");
      store.put("key", TENSOR, cache);
      assertTrue(cache.get("key").orElseThrow() != doubtful);
      cache.clear();
      assertTrue(doubtful.hasRoom());
    }
  }

  @Test
  void aNewBufferWhosePutFailedIsFreedAndAnOldOneStays() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      fail(store, cache, Status.UNAVAILABLE);
      assertEquals(0, cache.size());
      assertEquals(0, store.volumeInfo().preparedSlots());
      store.put("key", TENSOR, cache);
      fail(store, cache, Status.TIMEOUT);
      assertEquals(1, cache.size());
      assertEquals(0, cache.statistics().quarantined());
    }
  }

  @Test
  void asLongAsOneHasTheBufferOthersGoWithout() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      for (int round = 0; round < 2; round++) {
        try (PutLoans first = borrow(store, cache);
            PutLoans second = borrow(store, cache)) {
          assertTrue(first.handles()[0] != 0);
          assertEquals(0, second.handles()[0]);
        }
        store.put("key", TENSOR, cache);
      }
      assertEquals(2, cache.statistics().busy());
    }
  }

  @Test
  void whatIsRemovedWhileItIsLentDoesNotComeBack() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      for (int round = 0; round < 2; round++) {
        try (PutLoans loans = borrow(store, cache)) {
          cache.clear();
          loans.succeeded(store.put("key", TENSOR));
        }
        assertEquals(0, cache.size());
        assertEquals(0, store.volumeInfo().preparedSlots());
        assertEquals(0, cache.statistics().bytes());
        store.put("key", TENSOR, cache);
      }
    }
  }
}
