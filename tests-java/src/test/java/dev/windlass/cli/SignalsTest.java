package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SignalsTest {
  private static final int WINDOW_CHANGED = 28;
  private static final int NONE = 0;

  @Test
  void aSignalIsSentAndHandedOver() throws InterruptedException {
    BlockingQueue<Integer> got = new ArrayBlockingQueue<>(1);
    assertTrue(Signals.handle("WINCH", got::add));
    assertTrue(Signals.send(ProcessHandle.current().pid(), WINDOW_CHANGED));
    assertEquals(WINDOW_CHANGED, got.poll(60, TimeUnit.SECONDS));
  }

  @Test
  void aSignalThatThereIsNotCannotBeHad() {
    assertFalse(Signals.handle("NOSUCH", _ -> {}));
  }

  @Test
  void aProcessThatThereIsNotGetsNone() {
    assertFalse(Signals.send(Integer.MAX_VALUE, NONE));
  }
}
