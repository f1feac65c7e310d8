package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class RegionExportTest {
  private static final long MIB = 1 << 20;

  private static void assertFails(Status status, Executable call) {
    assertEquals(status, assertThrows(WindlassException.class, call).status());
  }

  /** How many of these descriptors are open in this process. */
  private static long openDescriptors(List<ExportPiece> pieces) {
    return pieces.stream()
        .map(piece -> ProcessHandle.current().pid() + "/fd/" + piece.descriptor())
        .filter(name -> Files.exists(Path.of("/proc/" + name)))
        .count();
  }

  @Test
  void thePiecesCoverTheRegionWithoutGapsAndTheirDescriptorsAreTheCallers() {
    try (Device device = Device.emulatedShareable(64 * MIB);
        Region region = Region.open(device, 10 * MIB, Backup.pageable(), 4 * MIB)) {
      List<ExportPiece> pieces;
      try (RegionExport export = region.export()) {
        pieces = export.pieces();
        assertEquals(export.name().pieces(), pieces.size());
        assertTrue(export.name().sizeBytes() >= 10 * MIB);
        assertEquals(region.generation(), export.name().generation());
        assertEquals(ProcessHandle.current().pid(), export.name().ownerPid());
      }
      long end = 0;
      for (ExportPiece piece : pieces) {
        assertEquals(end, piece.offset());
        end += piece.sizeBytes();
      }
      assertTrue(end >= 10 * MIB);
      assertEquals(pieces.size(), openDescriptors(pieces), "they outlive the export");
      pieces.forEach(ExportPiece::close);
    }
  }

  @Test
  void eachCallGivesDescriptorsOfTheCallersOwn() {
    try (Device device = Device.emulatedShareable(64 * MIB);
        Region region = Region.open(device, 4 * MIB);
        RegionExport export = region.export()) {
      List<ExportPiece> all = new ArrayList<>(export.pieces());
      all.addAll(export.pieces());
      assertEquals(all.size(), all.stream().mapToInt(ExportPiece::descriptor).distinct().count());
      all.forEach(ExportPiece::close);
    }
  }

  @Test
  void theNameIsKnownWhenItComesBackAndAnOtherIsNot() {
    try (Device device = Device.emulatedShareable(64 * MIB);
        Region region = Region.open(device, 4 * MIB);
        Region other = Region.open(device, 4 * MIB);
        RegionExport export = region.export();
        RegionExport ofOther = other.export()) {
      export.check(export.name());
      assertNotEquals(export.name(), ofOther.name());
      assertFails(Status.NOT_FOUND, () -> export.check(ofOther.name()));
      ExportName name = export.name();
      ExportName ofAnotherProcess =
          new ExportName(
              name.allocationId(),
              name.generation(),
              name.ownerNonce() + 1,
              name.sizeBytes(),
              name.ownerPid(),
              name.pieces());
      assertFails(Status.NOT_FOUND, () -> export.check(ofAnotherProcess));
    }
  }

  @Test
  void aPauseMakesTheExportStaleAndTheRegionCanBeExportedAnew() {
    try (Device device = Device.emulatedShareable(64 * MIB);
        Region region = Region.open(device, 4 * MIB);
        RegionExport export = region.export()) {
      region.pause();
      assertFails(Status.STATE, export::pieces);
      assertFails(Status.STATE, () -> export.check(export.name()));
      assertFails(Status.STATE, region::export);
      region.resume();
      assertFails(Status.STATE, () -> export.check(export.name()));
      try (RegionExport anew = region.export()) {
        assertEquals(export.name().allocationId(), anew.name().allocationId());
        assertTrue(anew.name().generation() > export.name().generation());
        anew.check(anew.name());
      }
    }
  }

  @Test
  void aDeviceThatWasNotOpenedSoCannotShare() {
    try (Device device = Device.emulated(64 * MIB);
        Region region = Region.open(device, 4 * MIB)) {
      assertFails(Status.UNSUPPORTED, region::export);
    }
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsAStaleHandle() {
    try (Device device = Device.emulatedShareable(64 * MIB)) {
      Region region = Region.open(device, 4 * MIB);
      RegionExport export = region.export();
      export.close();
      export.close();
      assertFails(Status.STALE_HANDLE, export::pieces);
      assertFails(Status.STALE_HANDLE, () -> export.check(export.name()));
      region.close();
      assertFails(Status.STALE_HANDLE, region::export);
    }
  }
}
