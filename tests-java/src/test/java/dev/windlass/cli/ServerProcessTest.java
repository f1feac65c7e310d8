package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ServerProcessTest {
  @Test
  void aProcessInTheForegroundOfATerminalIsTold() {
    assertTrue(ServerProcess.isForeground("7 (java) S 1 7 7 34816 7 4194304 0"));
    assertTrue(ServerProcess.isForeground("7 (a) b (c) d) S 1 7 7 34816 7 4194304 0"));
    assertFalse(ServerProcess.isForeground("7 (java) S 1 7 7 34816 9 4194304 0"), "background");
    assertFalse(ServerProcess.isForeground("7 (java) S 1 7 7 0 -1 4194304 0"), "no terminal");
    assertFalse(ServerProcess.isForeground("7 (java) S"));
  }
}
