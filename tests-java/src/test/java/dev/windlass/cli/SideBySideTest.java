package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.memory.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SideBySideTest {
  private static final long SIZE = 17 * ByteSize.MIB + 12_346;

  @TempDir Path folder;

  private final CapturedTerminal captured = CapturedTerminal.plain();

  private List<Path> left() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void eachBackupHasItsRowAndNothingIsLeftBehind() throws IOException {
    SideBySide sideBySide =
        new SideBySide(captured.terminal(), () -> Device.emulated(256 * ByteSize.MIB), folder);
    assertTrue(sideBySide.run(SIZE), captured.out() + captured.err());
    assertEquals("", captured.err());
    for (String backup :
        List.of(
            "none", "pooled", "pageable", "pageable, verified", "file", "compressed", "tiered")) {
      assertTrue(
          captured.out().lines().anyMatch(line -> line.startsWith(backup + "  ")),
          () -> "no row for " + backup + ":\n" + captured.out());
    }
    assertTrue(captured.out().contains("Files: " + folder + ", "), captured.out());
    assertTrue(captured.out().contains("nowhere: content is undefined after"), captured.out());
    assertTrue(captured.out().contains("Every byte verified after each"), captured.out());
    assertEquals(List.of(), left());
  }

  @Test
  void aDeviceThatIsTooSmallIsAFailureThatLeavesNothingBehind() throws IOException {
    SideBySide sideBySide =
        new SideBySide(captured.terminal(), () -> Device.emulated(8 * ByteSize.MIB), folder);
    WindlassException refused =
        assertThrows(WindlassException.class, () -> sideBySide.run(32 * ByteSize.MIB));
    assertEquals(Status.NO_MEMORY, refused.status());
    assertEquals(List.of(), left());
  }

  @Test
  void aFolderThatIsNotThereIsRefusedBeforeAnythingIsOpened() {
    SideBySide sideBySide =
        new SideBySide(
            captured.terminal(),
            () -> {
              throw new AssertionError("the device was opened");
            },
            folder.resolve("none"));
    assertThrows(UncheckedIOException.class, () -> sideBySide.run(SIZE));
    assertEquals("", captured.out());
  }
}
