package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class DemoCommandTest {
  private final CapturedTerminal captured = CapturedTerminal.plain();

  private int run(String... arguments) {
    return new DemoCommand().run(List.of(arguments), captured.terminal());
  }

  @Test
  void sizeAndBackupAreTaken() {
    assertEquals(Command.OK, run("--size", "16M", "--backup", "none"));
    assertTrue(captured.out().contains("Region: 16 MiB. Backup: none."), captured.out());
    assertTrue(captured.out().contains("undefined now: not verified"), captured.out());
    assertFalse(captured.out().contains("every byte verified"), captured.out());
  }

  @Test
  void withoutBackupGivenThePoolIsUsed() {
    assertEquals(Command.OK, run("--size=16M"));
    assertTrue(captured.out().contains("pool prepared"), captured.out());
  }

  @Test
  void aWrongArgumentIsRefusedBeforeAnythingIsOpened() {
    assertThrows(UsageException.class, () -> run("--size", "much"));
    assertThrows(UsageException.class, () -> run("--backup", "cloud"));
    assertThrows(UsageException.class, () -> run("--fast"));
    assertEquals("", captured.out());
  }
}
