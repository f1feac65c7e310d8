package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.windlass.memory.Device;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevicesCommandTest {
  private final CapturedTerminal captured = CapturedTerminal.plain();

  private int run(String... arguments) {
    return new DevicesCommand().run(List.of(arguments), captured.terminal());
  }

  private long rows(String beginning) {
    return captured.out().lines().filter(line -> line.startsWith(beginning)).count();
  }

  @Test
  void theEmulatedDeviceIsListedAfterTheGpus() {
    assertEquals(Command.OK, run());
    assertTrue(captured.out().startsWith("Device "), captured.out());
    assertEquals(Device.cudaCount(), rows("cuda:"), captured.out());
    assertEquals(1, rows("emulated "), captured.out());
    assertTrue(captured.out().strip().lines().toList().getLast().startsWith("emulated "));
    assertEquals("", captured.err());
  }

  @Test
  void withoutAGpuOnlyCudaFailsAndSaysWhy() {
    assumeTrue(Device.cudaCount() == 0, "this machine has a GPU");
    assertEquals(Command.FAILED, run("--cuda"));
    assertTrue(captured.err().startsWith("windlass devices: "), captured.err());
    assertEquals("", captured.out());
  }

  @Test
  void withAGpuOnlyCudaLeavesTheEmulatedDeviceOut() {
    assumeTrue(Device.cudaCount() > 0, "this machine has no GPU");
    assertEquals(Command.OK, run("--cuda"));
    assertEquals(Device.cudaCount(), rows("cuda:"), captured.out());
    assertEquals(0, rows("emulated "), captured.out());
  }

  @Test
  void aWrongArgumentIsRefused() {
    assertThrows(UsageException.class, () -> run("--rocm"));
  }
}
