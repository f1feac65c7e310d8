package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TerminalTest {
  @Test
  void theWidthComesFromTheEnvironment() {
    assertEquals(132, Terminal.columns("132"));
  }

  @Test
  void aWidthThatIsNoneOrTooNarrowIsReplaced() {
    assertEquals(100, Terminal.columns(""));
    assertEquals(100, Terminal.columns("wide"));
    assertEquals(40, Terminal.columns("3"));
    assertEquals(40, Terminal.columns("-5"));
  }

  @Test
  void standardOutputHasAWidth() {
    assertTrue(Terminal.standard().columns() >= 40);
  }
}
