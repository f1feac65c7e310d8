package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
  private final CapturedTerminal captured = CapturedTerminal.plain();

  private int run(String... arguments) {
    return new DemoCommand().run(List.of(arguments), captured.terminal());
  }

  @Test
  void sizeAndBackupAreTakenAndAloneShown() {
    assertEquals(Command.OK, run("--size", "16M", "--backup", "none"));
    assertTrue(captured.out().contains("Region: 16 MiB. Backup: none."), captured.out());
    assertTrue(captured.out().contains("undefined now: not verified"), captured.out());
    assertFalse(captured.out().contains("very byte verified"), captured.out());
    assertFalse(captured.out().contains("While paused, the bytes are in"), captured.out());
  }

  @Test
  void withoutBackupGivenThePoolIsUsedAndThenEachBackupIsShown(@TempDir Path folder) {
    assertEquals(Command.OK, run("--size=16M", "--directory", folder.toString()));
    int demo = captured.out().indexOf("pool prepared");
    int sideBySide = captured.out().indexOf("While paused, the bytes are in");
    assertTrue(0 <= demo && demo < sideBySide, captured.out());
    assertTrue(captured.out().contains("Files: " + folder), captured.out());
    assertTrue(captured.out().contains("Every byte verified after each"), captured.out());
    int store = captured.out().indexOf("Store: 5 epochs");
    assertTrue(sideBySide < store, captured.out());
    assertTrue(captured.out().contains("Every byte of every checkpoint verified"), captured.out());
    assertEquals("", captured.err());
  }

  @Test
  void aWrongArgumentIsRefusedBeforeAnythingIsOpened() {
    assertThrows(UsageException.class, () -> run("--size", "much"));
    assertThrows(UsageException.class, () -> run("--backup", "cloud"));
    assertThrows(UsageException.class, () -> run("--device", "abacus"));
    assertThrows(UsageException.class, () -> run("--device", "cuda", "--backup", "none"));
    assertThrows(UsageException.class, () -> run("--fast"));
    assertEquals("", captured.out());
  }
}
