package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.store.TransportBuffers.Name;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferSlotTest {
  @Test
  void namesStayWhateverTheKeysAre() {
    BufferSlot slot = new TransportBufferCache().slot("s");
    assertEquals("s", slot.name());
    assertEquals(List.of(new Name("s", null)), slot.names(List.of("key_7")));
    assertEquals(
        List.of(new Name("s/0", null), new Name("s/1", null)), slot.names(List.of("a_7", "b_7")));
    assertEquals(List.of(new Name("s/x", null)), slot.names("dict_7", List.of("x")));
    assertThrows(IllegalArgumentException.class, () -> new TransportBufferCache().slot(""));
  }

  @Test
  void deletingAKeyLeavesTheSlotItsBuffer() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      BufferSlot slot = cache.slot("slot");
      for (int epoch = 0; epoch < 3; epoch++) {
        store.put("value_" + epoch, Stores.random(DType.F32, Shape.of(50, 60), epoch), slot);
        try (Leased leased = store.get("value_" + epoch, slot)) {
          assertTrue(leased.tensor().shape().equals(Shape.of(50, 60)));
        }
        store.delete("value_" + epoch);
        assertEquals(1, cache.size());
      }
      assertEquals(4, cache.statistics().hits());
    }
  }
}
