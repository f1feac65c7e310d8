package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.windlass.Feature;
import java.util.List;
import org.junit.jupiter.api.Test;

class FindingTest {
  @Test
  void aFeatureBecomesAFindingWithItsRemedy() {
    assertEquals(
        Finding.absent("RDMA", "no device", "load the driver"),
        Finding.of(new Feature("RDMA", false, "no device", "load the driver")));
    assertEquals(
        Finding.present("avx2", "the CPU has it"),
        Finding.of(new Feature("avx2", true, "the CPU has it", "")));
  }

  @Test
  void itsMapNamesEveryPartInOrder() {
    assertEquals(
        List.of("name", "state", "detail", "remedy"),
        List.copyOf(Finding.unknown("x", "y").toMap().keySet()));
    assertEquals("unknown", Finding.unknown("x", "y").toMap().get("state"));
  }
}
