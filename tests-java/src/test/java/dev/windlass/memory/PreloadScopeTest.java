package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.ChildJvm;
import dev.windlass.support.PreloadedJvm;
import org.junit.jupiter.api.Test;

class PreloadScopeTest {
  @Test
  void aScopeBelongsToItsPlatformThreadAndIsClosedInnermostFirst() throws Exception {
    ChildJvm.Result result = PreloadedJvm.child().run(PreloadProbe.class.getName(), "scopes");
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().endsWith(PreloadProbe.DONE), result.output());
  }
}
