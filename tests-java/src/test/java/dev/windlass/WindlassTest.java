package dev.windlass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.memory.Device;
import dev.windlass.support.ChildJvm;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class WindlassTest {
  @Test
  void theTestsRunAgainstThePackagedJar() {
    assertTrue(
        ChildJvm.windlassJar().toString().endsWith(".jar"), ChildJvm.windlassJar()::toString);
  }

  @Test
  void theVersionIsThatOfTheJar() {
    String jar = String.valueOf(ChildJvm.windlassJar().getFileName());
    assertEquals("windlass-" + Windlass.version() + ".jar", jar);
    assertTrue(Windlass.abiVersion().matches("\\d+\\.\\d+"), Windlass.abiVersion());
  }

  @Test
  void eachFeatureSaysWhatWasFoundAndWhatToDoWhenItIsOff() {
    List<Feature> features = Windlass.features();
    Set<String> names = new TreeSet<>();
    for (Feature feature : features) {
      assertFalse(feature.name().isEmpty(), feature::toString);
      assertFalse(feature.detail().isEmpty(), feature::toString);
      assertEquals(feature.present(), feature.remedy().isEmpty(), feature::toString);
      names.add(feature.name());
    }
    assertFalse(features.isEmpty());
    assertEquals(features.size(), names.size(), "each name once");
  }

  @Test
  void liveObjectsAreCountedByKind() {
    Map<String, Long> before = Windlass.liveObjects();
    assertEquals(
        List.of(
            "device",
            "region",
            "page pool",
            "log",
            "region set",
            "backup directory",
            "export",
            "import",
            "volume",
            "store",
            "lease",
            "buffer",
            "archive job",
            "offer",
            "plan"),
        List.copyOf(before.keySet()));
    try (Device device = Device.emulated()) {
      assertFalse(device.info().name().isEmpty());
      assertEquals(1, Windlass.liveObjects().get("device"));
    }
    assertEquals(before, Windlass.liveObjects());
  }
}
