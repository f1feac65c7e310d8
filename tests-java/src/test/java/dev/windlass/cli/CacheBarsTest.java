package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.compile.CacheProgress;
import dev.windlass.compile.CacheProgress.Phase;
import org.junit.jupiter.api.Test;

class CacheBarsTest {
  @Test
  void eachPhaseHasABarAndNoneIsLeft() {
    CapturedTerminal captured = CapturedTerminal.interactive();
    CacheBars bars = new CacheBars(captured.terminal(), true);
    bars.update(new CacheProgress(Phase.ARCHIVING, 50, 100));
    assertTrue(captured.out().contains("Archiving"), captured.out());
    assertTrue(captured.out().endsWith(" 50 %"), captured.out());
    bars.update(new CacheProgress(Phase.COPYING, 100, 100));
    assertTrue(captured.out().endsWith("] 100 %"), captured.out());
    bars.finish();
    assertTrue(captured.out().endsWith("\r\033[K"), captured.out());
    String before = captured.out();
    bars.finish();
    assertEquals(before, captured.out());
  }

  @Test
  void whereNobodyLooksOnOrJsonIsWantedThereIsNothing() {
    CapturedTerminal plain = CapturedTerminal.plain();
    new CacheBars(plain.terminal(), true).update(new CacheProgress(Phase.COPYING, 1, 2));
    assertEquals("", plain.out());
    CapturedTerminal interactive = CapturedTerminal.interactive();
    CacheBars unwanted = new CacheBars(interactive.terminal(), false);
    unwanted.update(new CacheProgress(Phase.COPYING, 1, 2));
    unwanted.finish();
    assertEquals("", interactive.out());
  }
}
