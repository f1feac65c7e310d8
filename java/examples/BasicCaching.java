import dev.windlass.store.Leased;
import dev.windlass.store.TensorStore;
import dev.windlass.store.TransportBufferCache;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;
import java.util.Random;

/** Puts a tensor twice with a cache: the second put finds the buffer of the first. */
void main() {
  try (TensorStore store = TensorStore.open("local:");
      TransportBufferCache cache = new TransportBufferCache()) {
    store.put("my_tensor", random(1), cache); // makes the buffer
    Tensor second = random(2);
    store.put("my_tensor", second, cache); // uses it again

    try (Leased got = store.get("my_tensor", cache)) {
      IO.println("The newest came back: " + second.hasSameContent(got.tensor()));
    }
    IO.println("Cached buffers: " + cache.size() + ", hits: " + cache.statistics().hits());
  }
}

Tensor random(long seed) {
  float[] values = new float[1000 * 1000];
  Random random = new Random(seed);
  for (int i = 0; i < values.length; i++) {
    values[i] = (float) random.nextGaussian();
  }
  return Tensor.of(Shape.of(1000, 1000), values);
}
