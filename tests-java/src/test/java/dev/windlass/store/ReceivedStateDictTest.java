package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReceivedStateDictTest {
  private static final Tensor TENSOR = Stores.random(DType.U8, Shape.of(5000), 1);

  @Test
  void withoutACacheClosingDoesNothing() {
    try (TensorStore store = TensorStore.open("local:")) {
      store.putStateDict("dict", StateDict.of(Map.of("x", TENSOR)));
      ReceivedStateDict received = store.getStateDict("dict");
      received.close();
      Tensor tensor = received.dict().tensors().firstEntry().getValue();
      assertTrue(TENSOR.hasSameContent(tensor));
      assertEquals(received.report().version(), received.version());
    }
  }

  @Test
  void withACacheTheMemoryEndsAndIsUsedAgain() {
    try (TensorStore store = TensorStore.open("local:");
        TransportBufferCache cache = new TransportBufferCache()) {
      store.putStateDict("dict", StateDict.of(Map.of("x", TENSOR)));
      ReceivedStateDict received = store.getStateDict("dict", cache);
      Tensor tensor = received.dict().tensors().firstEntry().getValue();
      assertTrue(TENSOR.hasSameContent(tensor));
      long address = tensor.data().address();
      received.close();
      assertThrows(IllegalStateException.class, () -> tensor.getLong(0));
      try (ReceivedStateDict again = store.getStateDict("dict", cache)) {
        assertEquals(address, again.dict().tensors().firstEntry().getValue().data().address());
      }
    }
  }
}
