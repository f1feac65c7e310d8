package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.memory.Device;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceChoiceTest {
  @Test
  void theEmulatedDeviceIsOpenedWhenItIsAskedFor() {
    try (Device device = DeviceChoice.parse("emulated").get()) {
      assertTrue(device.info().hostAccessible());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda", "cuda:0", "cuda:7"})
  void aGpuIsNotOpenedBeforeItIsAskedFor(String word) {
    assertNotNull(DeviceChoice.parse(word));
  }

  @Test
  void aGpuThatIsNotThereIsSaid() {
    WindlassException refused =
        assertThrows(WindlassException.class, () -> DeviceChoice.parse("cuda:9999").get().close());
    assertTrue(
        EnumSet.of(Status.LIBRARY, Status.NOT_FOUND, Status.DEVICE).contains(refused.status()),
        refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:12345", "emulated:1"})
  void anythingElseIsRefusedWithTheChoices(String word) {
    UsageException wrong = assertThrows(UsageException.class, () -> DeviceChoice.parse(word));
    assertEquals(
        "\"" + word + "\" is no device: it is emulated, cuda, or cuda: and a number",
        wrong.getMessage());
  }
}
