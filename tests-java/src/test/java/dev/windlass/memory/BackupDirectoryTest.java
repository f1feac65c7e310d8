package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BackupDirectoryTest {
  private static final long SIZE = (5 << 20) + 4321;

  @TempDir Path folder;

  private List<Path> filesOfAtLeast(long bytes) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> file.toFile().length() >= bytes)
          .toList();
    }
  }

  @ParameterizedTest
  @EnumSource
  void bytesAreInAFileOfTheOwnersAloneWhilePaused(FileEngine engine) throws IOException {
    try (Device device = Device.emulated(64 << 20);
        BackupDirectory directory = BackupDirectory.open(folder, engine, true);
        Region region = Region.open(device, SIZE, Backup.inFile(directory))) {
      Bytes.fill(region.segment(), 3);
      region.pause();
      List<Path> files = filesOfAtLeast(SIZE);
      assertEquals(1, files.size());
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(files.getFirst())));
      assertTrue(region.info().storedBytes() >= SIZE);
      assertTrue(directory.info().storedBytes() >= SIZE);
      region.resume();
      assertEquals(List.of(), filesOfAtLeast(SIZE));
      assertEquals(-1, Bytes.firstDifference(region.segment(), 3));
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(), left.toList(), "nothing is left in the directory");
    }
  }

  @Test
  void aFlippedBitIsNotRestoredAndTheRegionStaysPaused() throws IOException {
    try (Device device = Device.emulated(64 << 20);
        BackupDirectory directory = BackupDirectory.open(folder);
        Region region = Region.open(device, SIZE, Backup.inFile(directory))) {
      Bytes.fill(region.segment(), 4);
      region.pause();
      Path file = filesOfAtLeast(SIZE).getFirst();
      byte[] content = Files.readAllBytes(file);
      content[3 << 20] ^= 1;
      Files.write(file, content);
      WindlassException refused = assertThrows(WindlassException.class, region::resume);
      assertEquals(Status.CORRUPT, refused.status());
      assertTrue(
          String.valueOf(refused.getMessage()).contains("chunk 1"),
          () -> "names the chunk: " + refused.getMessage());
      assertEquals(RegionState.PAUSED, region.state());
      content[3 << 20] ^= 1;
      Files.write(file, content);
      region.resume();
      assertEquals(-1, Bytes.firstDifference(region.segment(), 4));
    }
  }

  @Test
  void whatIsNotADirectoryIsRefused() throws IOException {
    assertEquals(
        Status.NOT_FOUND,
        assertThrows(WindlassException.class, () -> BackupDirectory.open(folder.resolve("none")))
            .status());
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThrows(WindlassException.class, () -> BackupDirectory.open(file));
  }

  @Test
  void theInfoTellsWhatItIs() {
    try (BackupDirectory directory = BackupDirectory.open(folder, FileEngine.THREADS, false)) {
      assertEquals(folder, directory.path());
      BackupDirectoryInfo info = directory.info();
      assertEquals(FileEngine.THREADS, info.engine());
      assertFalse(info.direct());
      assertTrue(info.freeBytes() > 0);
      assertEquals(0, info.storedBytes());
      assertEquals(0, info.sweptFiles());
    }
  }

  @Test
  void filesAreNoMemoryToLookAt() {
    try (Device device = Device.emulated(64 << 20);
        BackupDirectory directory = BackupDirectory.open(folder);
        Region onDisk = Region.open(device, SIZE, Backup.inFile(directory));
        Region inMemory = Region.open(device, SIZE, Backup.pageable())) {
      inMemory.segment().set(ValueLayout.JAVA_BYTE, 7, (byte) 9);
      onDisk.pause();
      inMemory.pause();
      assertEquals(
          Status.UNSUPPORTED, assertThrows(WindlassException.class, onDisk::backupView).status());
      var view = inMemory.backupView();
      assertEquals(9, view.get(ValueLayout.JAVA_BYTE, 7));
      assertTrue(view.isReadOnly());
      inMemory.resume();
      assertThrows(IllegalStateException.class, () -> view.get(ValueLayout.JAVA_BYTE, 7));
      assertEquals(
          Status.STATE, assertThrows(WindlassException.class, inMemory::backupView).status());
    }
  }
}
