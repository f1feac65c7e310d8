package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DemoTest {
  @ParameterizedTest
  @EnumSource
  void whateverTheBackupAllThatIsPromisedIsKept(BackupChoice backup) {
    CapturedTerminal captured = CapturedTerminal.plain();
    boolean kept = new Demo(captured.terminal(), backup).run(OptionalLong.of(32 * ByteSize.MIB));
    assertTrue(kept, captured.out() + captured.err());
    assertEquals("", captured.err());
    assertTrue(captured.out().contains("32 MiB"), captured.out());
    assertTrue(captured.out().contains("nothing is left open"), captured.out());
  }

  @Test
  void aSizeThatIsNoMultipleOfAnythingIsFine() {
    CapturedTerminal captured = CapturedTerminal.interactive();
    boolean kept =
        new Demo(captured.terminal(), BackupChoice.POOLED).run(OptionalLong.of(5_000_001));
    assertTrue(kept, captured.out() + captured.err());
    assertTrue(captured.out().contains("every byte verified"), captured.out());
  }

  @Test
  void aSmallMachineGetsASmallRegion() {
    assertEquals(384 * ByteSize.MIB, Demo.suitableSize(64L << 30));
    assertEquals(240 * ByteSize.MIB, Demo.suitableSize(1000 * ByteSize.MIB));
    assertEquals(16 * ByteSize.MIB, Demo.suitableSize(0));
  }
}
