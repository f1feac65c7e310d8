package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class DemoRecordTest {
  @Test
  void stepsMakeATableWithTimesAndRates() {
    DemoRecord record = new DemoRecord();
    record.mark("start", 40 * ByteSize.MIB);
    record.step("paused", 100_000_000, 400_000_000, 41 * ByteSize.MIB);
    assertEquals(
        """
        Step        Time  GB/s  Process memory (RSS)
        ------  --------  ----  --------------------
        start                                 40 MiB
        paused  100.0 ms   4.0                41 MiB
        """,
        record.table(80));
  }

  @Test
  void aStepWithoutBytesOrTimeHasNoRate() {
    DemoRecord record = new DemoRecord();
    record.step("none", 1_000_000, 0, 0);
    record.step("instant", 0, 5, 0);
    assertFalse(record.table(80).contains("Infinity"), record.table(80));
  }

  @Test
  void onlyBrokenPromisesAreKept() {
    DemoRecord record = new DemoRecord();
    record.check(true, "never seen");
    assertTrue(record.allKept());
    record.check(false, "the address moved");
    assertFalse(record.allKept());
    assertEquals(List.of("the address moved"), record.broken());
  }
}
