import dev.windlass.store.Offer;
import dev.windlass.store.PullPlan;
import dev.windlass.store.PullReport;
import dev.windlass.store.TensorStore;
import dev.windlass.store.Volume;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A trainer offers its weights where they lie, and a reader in another process, which this starts
 * with the volume's address, pulls them after each step: one copy, from memory to memory.
 */
void main(String[] arguments) throws Exception {
  if (arguments.length > 0) {
    read(arguments[0]);
    return;
  }
  StateDict model = model();
  try (Volume volume = Volume.open();
      Offer offer = volume.offer("model", model)) {
    Process reader = startReader(volume.listen("shm://windlass-direct-" + ProcessHandle.current().pid()));
    try (BufferedReader said = reader.inputReader()) {
      for (int step = 1; step <= 3; step++) {
        int now = step;
        offer.update(() -> train(model, now));
        reader.outputWriter().write("pull\n");
        reader.outputWriter().flush();
        IO.println(said.readLine());
      }
      reader.outputWriter().close();
    }
    IO.println("The reader ended with " + reader.waitFor());
  }
}

StateDict model() {
  return StateDict.of(Map.of("weight", Tensor.allocate(DType.F32, Shape.of(1024, 1024))));
}

void train(StateDict model, int step) {
  model.tensors().get("weight").setDouble(step, 17, 4);
}

void read(String address) throws Exception {
  StateDict mine = model();
  BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
  try (TensorStore store = TensorStore.open(address);
      PullPlan plan = store.plan("model", mine)) {
    while (orders.readLine() != null) {
      PullReport report = plan.pull();
      double value = mine.tensors().get("weight").getDouble(17, 4);
      IO.println("Step " + value + ", plans made: " + report.planned());
    }
  }
}

/** This program once more, with the address behind its arguments. */
Process startReader(String address) throws Exception {
  ProcessHandle.Info self = ProcessHandle.current().info();
  List<String> command = new ArrayList<>(List.of(self.command().orElseThrow()));
  command.addAll(List.of(self.arguments().orElseThrow()));
  command.add(address);
  return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
}
