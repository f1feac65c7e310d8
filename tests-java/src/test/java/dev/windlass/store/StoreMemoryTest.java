package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.memory.Device;
import dev.windlass.memory.Region;
import dev.windlass.store.Stores.Way;
import dev.windlass.support.Bytes;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the memory of tensors may be. */
class StoreMemoryTest {
  private static final Shape SHAPE = Shape.of(1 << 20);

  @ParameterizedTest
  @EnumSource(Way.class)
  void aTensorInARegionIsPutAndGotAndEndsWithThePause(Way way) {
    try (Stores stores = Stores.open(way);
        Device device = Device.emulated();
        Region region = Region.open(device, SHAPE.elements())) {
      Bytes.fill(region.segment(), 7);
      Tensor tensor = Tensor.of(DType.U8, SHAPE, region.segment());
      stores.store.put("key", tensor);
      region.pause();
      assertThrows(IllegalStateException.class, () -> stores.store.put("key", tensor));
      assertThrows(IllegalStateException.class, () -> stores.store.getInto("key", tensor));
      region.resume();
      region.segment().fill((byte) 0);
      stores.store.getInto("key", Tensor.of(DType.U8, SHAPE, region.segment()));
      assertEquals(-1, Bytes.firstDifference(region.segment(), 7));
    }
  }

  @Test
  void memoryThatHasEndedIsAnErrorAndNoFault() {
    try (TensorStore store = TensorStore.open("local:")) {
      Tensor ended;
      try (Arena arena = Arena.ofConfined()) {
        ended = Tensor.allocate(arena, DType.U8, SHAPE);
        store.put("key", ended);
      }
      assertThrows(IllegalStateException.class, () -> store.put("key", ended));
      assertThrows(IllegalStateException.class, () -> store.getInto("key", ended));
      assertTrue(store.exists("key"));
    }
  }
}
