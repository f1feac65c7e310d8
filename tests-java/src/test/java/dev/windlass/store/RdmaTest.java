package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a store says of RDMA where there is none. Where there is, {@link RdmaSmoke} runs. */
class RdmaTest {
  @Test
  void whereThereIsNoDeviceForcedRdmaSaysWhatIsMissing() {
    assumeFalse(
        Files.exists(Path.of("/sys/class/infiniband")), "this machine may have an RDMA device");
    try (Volume volume = Volume.open()) {
      String uri = volume.listen("tcp://127.0.0.1:0");
      WindlassException refused = assertThrows(WindlassException.class, () -> RdmaSmoke.run(uri));
      assertEquals(Status.UNSUPPORTED, refused.status());
      assertTrue(refused.getMessage().contains("no RDMA: "), refused.getMessage());
    }
  }
}
