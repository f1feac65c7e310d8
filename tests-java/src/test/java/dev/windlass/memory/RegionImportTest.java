package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegionImportTest {
  private static final long MIB = 1 << 20;
  private static final long SIZE = 10 * MIB;

  private Device device;
  private Region region;
  private List<ExportPiece> pieces;

  @BeforeEach
  void exportARegionOfSeveralPieces() {
    device = Device.emulatedShareable(64 * MIB);
    region = Region.open(device, SIZE, Backup.pageable(), 4 * MIB);
    try (RegionExport export = region.export()) {
      pieces = export.pieces();
    }
  }

  @AfterEach
  void closeAll() {
    pieces.forEach(ExportPiece::close);
    region.close();
    device.close();
  }

  @Test
  void bothSidesSeeTheSameBytes() {
    Bytes.fill(region.segment(), 1);
    try (RegionImport imported = RegionImport.open(device, pieces)) {
      assertNotEquals(region.address(), imported.address());
      assertTrue(imported.sizeBytes() >= SIZE);
      assertEquals(imported.address(), imported.segment().address());
      assertSame(imported.segment(), imported.segment());
      assertEquals(-1, Bytes.firstDifference(imported.segment().asSlice(0, SIZE), 1));
      imported.segment().set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 77);
      assertEquals(77, region.segment().get(ValueLayout.JAVA_BYTE, SIZE - 1));
    }
  }

  @Test
  void theDescriptorsMayBeClosedOnceThePagesAreMapped() {
    region.segment().set(ValueLayout.JAVA_LONG, 0, 42);
    try (RegionImport imported = RegionImport.open(device, pieces)) {
      pieces.forEach(ExportPiece::close);
      assertEquals(42, imported.segment().get(ValueLayout.JAVA_LONG, 0));
    }
  }

  @Test
  void afterAPauseOfTheOwnersTheOldPagesStayAndAreHisNoMore() {
    Bytes.fill(region.segment(), 2);
    try (RegionImport imported = RegionImport.open(device, pieces)) {
      region.pause();
      assertEquals(-1, Bytes.firstDifference(imported.segment().asSlice(0, SIZE), 2));
      imported.segment().set(ValueLayout.JAVA_LONG, 0, 0);
      region.resume();
      imported.segment().set(ValueLayout.JAVA_LONG, 8, 0);
      assertEquals(-1, Bytes.firstDifference(region.segment(), 2));
    }
  }

  @Test
  void piecesWithAGapAreRefused() {
    assertTrue(pieces.size() > 1);
    List<ExportPiece> withoutTheFirst = pieces.subList(1, pieces.size());
    assertEquals(
        Status.INVALID_ARGUMENT,
        assertThrows(WindlassException.class, () -> RegionImport.open(device, withoutTheFirst))
            .status());
    assertThrows(IllegalArgumentException.class, () -> RegionImport.open(device, List.of()));
  }

  @Test
  void aDeviceThatCannotShareMapsNothing() {
    try (Device other = Device.emulated(64 * MIB)) {
      assertEquals(
          Status.UNSUPPORTED,
          assertThrows(WindlassException.class, () -> RegionImport.open(other, pieces)).status());
    }
  }

  @Test
  void aSegmentEndsWithItsImportAndDoesNotFault() {
    RegionImport imported = RegionImport.open(device, pieces);
    MemorySegment segment = imported.segment();
    imported.close();
    imported.close();
    assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(
        Status.STALE_HANDLE, assertThrows(WindlassException.class, imported::segment).status());
  }
}
