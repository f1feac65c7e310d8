import dev.windlass.store.TensorStore;
import dev.windlass.store.TransportBufferCache;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.Tensor;

/** Looks into a cache, and takes buffers out of it. */
void main() {
  try (TensorStore store = TensorStore.open("local:");
      TransportBufferCache cache = new TransportBufferCache()) {
    store.put("tensor1", Tensor.allocate(DType.F32, Shape.of(100, 100)), cache);
    store.put("tensor2", Tensor.allocate(DType.F32, Shape.of(50, 50)), cache);
    IO.println("Cached buffers: " + cache.size());

    cache.remove("tensor1");
    IO.println("After remove: " + cache.size());

    cache.clear();
    IO.println("After clear: " + cache.size());
  }
}
