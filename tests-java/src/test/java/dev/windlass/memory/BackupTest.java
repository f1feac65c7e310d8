package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.Bytes;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

  /** What backups are made with. */
  record Places(PagePool pool, BackupDirectory directory) {}

  @TempDir Path folder;

  static Stream<Arguments> keepingBackups() {
    return Stream.of(
            variants("pageable", places -> Backup.pageable()),
            variants("pooled", places -> Backup.pooled(places.pool())),
            variants("file", places -> Backup.inFile(places.directory())),
            variants(
                "tiered",
                places ->
                    Backup.tiered()
                        .pool(places.pool())
                        .pageable(2 * MIB)
                        .directory(places.directory())))
        .flatMap(each -> each);
  }

  private static Stream<Arguments> variants(String name, Function<Places, Backup.Keeping> plain) {
    Function<Places, Backup.Keeping> retained = plain.andThen(Backup.Keeping::retained);
    return Stream.of(
        Arguments.of(name, plain),
        Arguments.of(name + ", retained", retained),
        Arguments.of(name + ", verified", plain.andThen(Backup.Keeping::verified)),
        Arguments.of(name + ", retained and verified", retained.andThen(Backup.Keeping::verified)),
        Arguments.of(name + ", reserved and so retained", plain.andThen(Backup.Keeping::reserved)),
        Arguments.of(
            name + ", compressed", plain.andThen(backup -> backup.compressed(Compression.AUTO))),
        Arguments.of(
            name + ", retained and compressed as bf16",
            retained.andThen(backup -> backup.compressed(Compression.BF16))));
  }

  private BackupDirectory openDirectory() {
    return BackupDirectory.open(folder);
  }

  /** Enough for one region; of a tiered one only a part, so that each tier gets some. */
  private static long poolBytes(String name) {
    return name.startsWith("tiered") ? 4 * MIB : 64 * MIB;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("keepingBackups")
  void addressAndBytesSurviveEveryPause(String name, Function<Places, Backup.Keeping> backups) {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(poolBytes(name));
        BackupDirectory directory = openDirectory();
        Region region =
            Region.open(device, SIZE, backups.apply(new Places(pool, directory)), 2 * MIB)) {
      long address = region.address();
      for (long round = 1; round <= 3; round++) {
        Bytes.fill(region.segment(), round);
        PauseReport paused = region.pause();
        long mapped = paused.savedBytes();
        assertTrue(mapped >= SIZE, name);
        assertEquals(round + 1, paused.generation());
        assertEquals(SIZE, region.info().imageBytes());
        if (!name.contains("compressed")) {
          RegionInfo info = region.info();
          assertTrue(info.backupBytes() + info.storedBytes() >= SIZE, info::toString);
        }
        byte[] end = new byte[16];
        region.readBackup(SIZE - 16, MemorySegment.ofArray(end));
        ResumeReport resumed = region.resume();
        assertEquals(mapped, resumed.restoredBytes());
        assertEquals(round + 1, resumed.generation());
        assertEquals(address, region.segment().address());
        assertEquals(-1, Bytes.firstDifference(region.segment(), round));
        assertEquals(
            -1,
            MemorySegment.ofArray(end).mismatch(region.segment().asSlice(SIZE - 16, 16)),
            "what the backup showed is what the region has");
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("keepingBackups")
  void memoryIsKeptBetweenPausesOnlyIfRetained(
      String name, Function<Places, Backup.Keeping> backups) {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(poolBytes(name));
        BackupDirectory directory = openDirectory();
        Region region = Region.open(device, SIZE, backups.apply(new Places(pool, directory)))) {
      region.pause();
      region.resume();
      RegionInfo info = region.info();
      boolean retains =
          info.backup() instanceof Backup.Keeping keeping && keeping.traits().retains();
      assertEquals(retains, info.backupBytes() + info.storedBytes() > 0, name);
      assertEquals(retains ? SIZE : 0, info.imageBytes());
      assertEquals(name.contains("retained"), retains);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("keepingBackups")
  void aPausedRegionCanBeClosed(String name, Function<Places, Backup.Keeping> backups) {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(poolBytes(name));
        BackupDirectory directory = openDirectory()) {
      try (Region region = Region.open(device, SIZE, backups.apply(new Places(pool, directory)))) {
        region.pause();
      }
      assertEquals(0, pool.info().lentBytes(), name);
      assertEquals(0, directory.info().storedBytes(), name);
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
    Backup.Traits all = new Backup.Traits(true, true, true, Compression.ZSTD);
    assertEquals(
        new Backup.Pageable(all),
        Backup.pageable().verified().compressed(Compression.ZSTD).reserved());
    assertEquals(
        new Backup.Pageable(all),
        Backup.pageable().reserved().compressed(Compression.ZSTD).retained().verified());
    assertEquals(
        new Backup.Traits(false, true, false, Compression.NONE),
        Backup.pageable().verified().traits());
    assertTrue(Backup.pageable().reserved().traits().retains(), "reserving is keeping");
    assertThrows(NullPointerException.class, () -> Backup.pooled(null));
  }
}
