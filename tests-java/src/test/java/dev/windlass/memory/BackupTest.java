package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.Bytes;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every backup that keeps the bytes, retaining or not, verifying or not, is held to the same
 * contract.
 */
class BackupTest {
  private static final long MIB = 1 << 20;

  /** More than one chunk, and not a multiple of anything. */
  private static final long SIZE = 9 * MIB + 4096 + 8;

  static Stream<Arguments> hostBackups() {
    return Stream.concat(
        variants("pageable", pool -> Backup.pageable()), variants("pooled", Backup::pooled));
  }

  private static Stream<Arguments> variants(String name, Function<PagePool, Backup.Host> plain) {
    Function<PagePool, Backup.Host> retained = plain.andThen(Backup.Host::retained);
    return Stream.of(
        Arguments.of(name, plain),
        Arguments.of(name + ", retained", retained),
        Arguments.of(name + ", verified", plain.andThen(Backup.Host::verified)),
        Arguments.of(name + ", retained and verified", retained.andThen(Backup.Host::verified)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostBackups")
  void addressAndBytesSurviveEveryPause(String name, Function<PagePool, Backup.Host> backups) {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(64 * MIB);
        Region region = Region.open(device, SIZE, backups.apply(pool), 2 * MIB)) {
      long address = region.address();
      for (long round = 1; round <= 3; round++) {
        Bytes.fill(region.segment(), round);
        PauseReport paused = region.pause();
        long mapped = paused.savedBytes();
        assertTrue(mapped >= SIZE, name);
        assertEquals(round + 1, paused.generation());
        assertTrue(region.info().backupBytes() >= SIZE);
        ResumeReport resumed = region.resume();
        assertEquals(mapped, resumed.restoredBytes());
        assertEquals(round + 1, resumed.generation());
        assertEquals(address, region.segment().address());
        assertEquals(-1, Bytes.firstDifference(region.segment(), round));
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostBackups")
  void memoryIsKeptBetweenPausesOnlyIfRetained(
      String name, Function<PagePool, Backup.Host> backups) {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(64 * MIB);
        Region region = Region.open(device, SIZE, backups.apply(pool))) {
      region.pause();
      region.resume();
      boolean retains = region.info().backup() instanceof Backup.Host host && host.retains();
      assertEquals(retains, region.info().backupBytes() > 0, name);
      assertEquals(name.contains("retained"), retains);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostBackups")
  void aPausedRegionCanBeClosed(String name, Function<PagePool, Backup.Host> backups) {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(64 * MIB)) {
      try (Region region = Region.open(device, SIZE, backups.apply(pool))) {
        region.pause();
      }
      assertEquals(0, pool.info().lentBytes(), name);
    }
  }

  @Test
  void withoutABackupTheContentIsUndefinedUntilAcknowledged() {
    try (Device device = Device.emulated();
        Region region = Region.open(device, SIZE, Backup.none())) {
      assertTrue(region.info().contentDefined());
      assertEquals(0, region.pause().savedBytes());
      assertEquals(0, region.resume().restoredBytes());
      assertFalse(region.info().contentDefined());
      region.acknowledge();
      assertTrue(region.info().contentDefined());
    }
  }

  @Test
  void withersKeepWhatIsNotTheirs() {
    assertEquals(new Backup.Pageable(true, true), Backup.pageable().retained().verified());
    assertEquals(new Backup.Pageable(true, true), Backup.pageable().verified().retained());
    assertEquals(new Backup.Pageable(false, true), Backup.pageable().verified());
    assertThrows(NullPointerException.class, () -> Backup.pooled(null));
  }
}
