import dev.windlass.store.TensorStore;
import dev.windlass.store.TransportBufferCache;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.util.Map;

/**
 * A training loop that publishes a checkpoint after each epoch, under a key of its own. The slot
 * keeps the buffers under a name that stays, so that all epochs but the first find them.
 */
class Trainer {
  private final TensorStore store;
  private final TransportBufferCache cache = new TransportBufferCache();
  private final Tensor weight = Tensor.allocate(DType.F32, Shape.of(512, 512));
  private final Tensor moments = Tensor.allocate(DType.F32, Shape.of(512, 512));

  Trainer(TensorStore store) {
    this.store = store;
  }

  void train(int epochs) {
    for (int epoch = 0; epoch < epochs; epoch++) {
      weight.setDouble(epoch, 0, 0);
      saveCheckpoint(epoch);
    }
    IO.println("Cached buffers: " + cache.size() + ", hits: " + cache.statistics().hits());
    cache.close();
  }

  void saveCheckpoint(int epoch) {
    StateDict checkpoint =
        StateDict.of(
            Map.of(
                "model", Map.of("weight", weight),
                "optimizer", Map.of("moments", moments, "step", epoch)));
    store.putStateDict("checkpoint_" + epoch, checkpoint, cache.slot("checkpoint"));
  }
}

void main() {
  try (TensorStore store = TensorStore.open("local:")) {
    new Trainer(store).train(5);
    Tensor first = store.getStateDict("checkpoint_0").dict().tensors().get("model/weight");
    Tensor last = store.getStateDict("checkpoint_4").dict().tensors().get("model/weight");
    IO.println("Epochs read back: " + first.getDouble(0, 0) + " to " + last.getDouble(0, 0));
  }
}
