package dev.windlass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.windlass.memory.Device;
import dev.windlass.memory.Region;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogForwarderTest {
  private static final Logger LOGGER = Logger.getLogger("dev.windlass.native");

  private final List<LogRecord> records = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    handler.setLevel(Level.ALL);
    LOGGER.setLevel(Level.ALL);
    LOGGER.setUseParentHandlers(false);
    LOGGER.addHandler(handler);
  }

  @AfterEach
  void stopListening() {
    LOGGER.removeHandler(handler);
    LOGGER.setUseParentHandlers(true);
    LOGGER.setLevel(null);
  }

  @Test
  void linesWrittenBeforeTheCloseArriveInTheSystemLogger() throws Exception {
    try (AutoCloseable log = Windlass.forwardLog()) {
      assertEquals(1, Windlass.liveObjects().get("log"), log::toString);
      pauseARegion();
    }
    assumeFalse(records.isEmpty(), "the library has written no line at any level");
    assertTrue(
        records.stream().anyMatch(record -> record.getMessage().startsWith("region: ")),
        () -> records.stream().map(LogRecord::getMessage).toList().toString());
  }

  @Test
  void nothingArrivesAfterTheClose() throws Exception {
    Windlass.forwardLog().close();
    records.clear();
    pauseARegion();
    assertEquals(List.of(), records);
  }

  @Test
  void closingEndsTheThreadAndClosingTwiceIsHarmless() throws Exception {
    AutoCloseable log = Windlass.forwardLog();
    assertTrue(forwarderRuns());
    log.close();
    assertFalse(forwarderRuns());
    log.close();
  }

  @Test
  void severalForwardersWorkSideBySide() throws Exception {
    try (AutoCloseable first = Windlass.forwardLog();
        AutoCloseable second = Windlass.forwardLog()) {
      assertEquals(2, Windlass.liveObjects().get("log"), () -> first + " " + second);
    }
  }

  private static void pauseARegion() {
    try (Device device = Device.emulated();
        Region region = Region.open(device, 1 << 20)) {
      region.pause();
      region.resume();
    }
  }

  private static boolean forwarderRuns() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("windlass-log"));
  }
}
