package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class MainTest {
  private final CapturedTerminal captured = CapturedTerminal.plain();

  private int run(String... arguments) {
    return Main.run(List.of(arguments), captured.terminal());
  }

  @Test
  void anUnknownCommandIsSaidAndTheNearestNamedAndAllListed() {
    assertEquals(Command.USAGE, run("docter"));
    assertTrue(
        captured
            .err()
            .startsWith("windlass: there is no command \"docter\"; did you mean \"doctor\"?\n"),
        captured.err());
    assertTrue(captured.err().contains("  demo"), captured.err());
    assertTrue(captured.err().contains("  version"), captured.err());
    assertEquals("", captured.out());
  }

  @Test
  void aCommandThatIsLikeNoneGetsNoGuess() {
    assertEquals(Command.USAGE, run("harvest"));
    assertTrue(
        captured.err().startsWith("windlass: there is no command \"harvest\"\n"), captured.err());
  }

  @Test
  void noCommandAtAllListsThem() {
    assertEquals(Command.OK, run());
    assertTrue(captured.out().contains("doctor [--json]"), captured.out());
  }

  @Test
  void aWrongArgumentShowsHowItIsUsed() {
    assertEquals(Command.USAGE, run("demo", "--size", "zero"));
    assertTrue(captured.err().startsWith("windlass demo: \"zero\" is not a size"), captured.err());
    assertTrue(captured.err().contains("Usage: ./windlass demo [--size 256M]"), captured.err());
  }

  @Test
  void everyCommandExplainsItself() {
    assertEquals(Command.OK, run("demo", "--help"));
    assertTrue(captured.out().startsWith("Usage: ./windlass demo "), captured.out());
  }

  @Test
  void aFailureIsAMessageAndNotAStackTrace() {
    assertEquals(Command.FAILED, run("demo", "--size", "1000000G"));
    assertTrue(captured.err().startsWith("windlass demo: "), captured.err());
    assertEquals(1, captured.err().lines().count(), captured.err());
  }

  @Test
  void aCommandRuns() {
    assertEquals(Command.OK, run("version"));
    assertTrue(captured.out().startsWith("Windlass "), captured.out());
  }
}
