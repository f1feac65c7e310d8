import dev.windlass.store.ReceivedStateDict;
import dev.windlass.store.TensorStore;
import dev.windlass.store.Volume;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One process publishes weights, and another, which this starts with the volume's address, reads
 * them through the memory that both share.
 */
void main(String[] arguments) throws Exception {
  if (arguments.length > 0) {
    read(arguments[0]);
    return;
  }
  try (Volume volume = Volume.open();
      TensorStore store = TensorStore.open(volume)) {
    String address = volume.listen("shm://windlass-example-" + ProcessHandle.current().pid());
    Tensor weight = Tensor.allocate(DType.F32, Shape.of(1024, 1024));
    weight.setDouble(42, 17, 4);
    store.putStateDict("model", StateDict.of(Map.of("weight", weight, "step", 1)));
    IO.println("The reader ended with " + startReader(address).waitFor());
  }
}

void read(String address) {
  try (TensorStore store = TensorStore.open(address);
      ReceivedStateDict model = store.getStateDict("model")) {
    Tensor weight = model.dict().tensors().get("weight");
    IO.println("Over " + store.info().transport() + ": " + weight.getDouble(17, 4));
  }
}

/** This program once more, with the address behind its arguments. */
Process startReader(String address) throws Exception {
  ProcessHandle.Info self = ProcessHandle.current().info();
  List<String> command = new ArrayList<>(List.of(self.command().orElseThrow()));
  command.addAll(List.of(self.arguments().orElseThrow()));
  command.add(address);
  return new ProcessBuilder(command).inheritIO().start();
}
