package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ProgressTest {
  @Test
  void elsewhereThanOnATerminalThereIsOneLineWhenItIsDone() {
    CapturedTerminal captured = CapturedTerminal.plain();
    Progress progress = new Progress(captured.terminal(), "Filling", 100);
    progress.update(50);
    assertEquals("", captured.out());
    progress.finish("done");
    assertEquals("Filling                done" + System.lineSeparator(), captured.out());
  }

  @Test
  void onATerminalABarFillsInPlace() {
    CapturedTerminal captured = CapturedTerminal.interactive();
    Progress progress = new Progress(captured.terminal(), "Filling", 100);
    progress.update(50);
    assertTrue(captured.out().endsWith("[###############...............]  50 %"), captured.out());
    progress.update(100);
    assertTrue(captured.out().endsWith("[##############################] 100 %"), captured.out());
    assertFalse(captured.out().contains("\n"), "the bar stays on its line");
  }

  @Test
  void theSamePercentIsNotDrawnTwice() {
    CapturedTerminal captured = CapturedTerminal.interactive();
    Progress progress = new Progress(captured.terminal(), "Filling", 1_000_000);
    progress.update(500_000);
    String before = captured.out();
    progress.update(500_001);
    assertEquals(before, captured.out());
  }

  @Test
  void workWithoutMeasureOrBeyondItsTotalIsNoError() {
    CapturedTerminal captured = CapturedTerminal.interactive();
    new Progress(captured.terminal(), "Pausing", 0).update(10);
    assertTrue(captured.out().endsWith("  0 %"), captured.out());
    new Progress(captured.terminal(), "Filling", 10).update(11);
    assertTrue(captured.out().endsWith("100 %"), captured.out());
  }
}
