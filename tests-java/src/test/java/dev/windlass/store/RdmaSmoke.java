package dev.windlass.store;

import dev.windlass.memory.Device;
import dev.windlass.memory.Region;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What runs where there is an RDMA device: a volume, and a store that reaches it over RDMA or not
 * at all. It ends with a word if all is well.
 */
public final class RdmaSmoke {
  static final String DONE = "all is well over RDMA";

  private static final int BYTES = 4 << 20;

  private RdmaSmoke() {}

  public static void main(String[] arguments) {
    try (Volume volume = Volume.open()) {
      System.out.println(run(volume.listen("tcp://127.0.0.1:0")));
    }
    System.out.println(DONE);
  }

  /** Puts and gets plain bytes, and a tensor in the memory of a region; says how they went. */
  static String run(String uri) {
    StoreOptions forced =
        StoreOptions.usual()
            .withTransport(Transport.RDMA)
            .withConnectTimeout(Duration.ofSeconds(60));
    byte[] bytes = new byte[BYTES];
    new SplittableRandom(1).nextBytes(bytes);
    try (TensorStore store = TensorStore.open(uri, forced);
        TransportBufferCache cache = new TransportBufferCache();
        Device device = Device.emulated();
        Region region = Region.open(device, BYTES)) {
      require(store.info().transport() == Transport.RDMA, "it went over " + store.info());
      store.putBytes("bytes", bytes);
      require(Arrays.equals(bytes, store.getBytes("bytes")), "other bytes came back");
      MemorySegment memory = region.segment().asSlice(0, BYTES);
      Tensor tensor = Tensor.of(DType.U8, Shape.of(BYTES), memory);
      for (byte round = 1; round <= 3; round++) {
        memory.fill(round);
        store.put("tensor", tensor, cache);
        memory.fill((byte) 0);
        store.getInto("tensor", tensor);
        require(memory.get(ValueLayout.JAVA_BYTE, BYTES - 1) == round, "another round came back");
      }
      return store.info().reason();
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
