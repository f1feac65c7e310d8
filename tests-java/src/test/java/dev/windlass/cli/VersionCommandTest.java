package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Windlass;
import java.util.List;
import org.junit.jupiter.api.Test;

class VersionCommandTest {
  private final CapturedTerminal captured = CapturedTerminal.plain();

  @Test
  void itNamesTheLibraryItsAbiAndJava() {
    assertEquals(Command.OK, new VersionCommand().run(List.of(), captured.terminal()));
    String expected = "Windlass " + Windlass.version() + " (ABI " + Windlass.abiVersion() + ")";
    assertTrue(captured.out().startsWith(expected), captured.out());
    assertTrue(captured.out().contains("Java " + Runtime.version()), captured.out());
  }

  @Test
  void itTakesNoArguments() {
    assertThrows(
        UsageException.class,
        () -> new VersionCommand().run(List.of("--long"), captured.terminal()));
  }
}
