package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.windlass.store.Stores.Setting;
import dev.windlass.support.ForeignCheckpoint;
import dev.windlass.tensor.Safetensors;
import dev.windlass.tensor.StateDict;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoint files on their way through a store. */
class CheckpointTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void oneThatAnotherToolMadeComesBackIdentical(Setting setting) throws IOException {
    Path made = Files.write(directory.resolve("made.safetensors"), ForeignCheckpoint.bytes());
    Path back = directory.resolve("back.safetensors");
    try (Stores stores = Stores.open(setting.way());
        TransportBufferCache cache = new TransportBufferCache();
        Arena arena = Arena.ofConfined()) {
      Safetensors file = Safetensors.open(made, arena);
      StateDict dict = StateDict.of(file.tensors());
      for (int time = 0; time < 2; time++) {
        if (setting.cached()) {
          stores.store.putStateDict("model", dict, cache);
        } else {
          stores.store.putStateDict("model", dict);
        }
        try (ReceivedStateDict received =
            setting.cached()
                ? stores.store.getStateDict("model", cache)
                : stores.store.getStateDict("model")) {
          Safetensors.write(back, received.dict().tensors(), file.metadata());
        }
        assertEquals(-1, Files.mismatch(made, back));
      }
    }
  }
}
