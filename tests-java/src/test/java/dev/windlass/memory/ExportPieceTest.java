package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExportPieceTest {
  private static final long MIB = 1 << 20;

  private static boolean isOpen(int descriptor) {
    return Files.exists(Path.of("/proc/self/fd/" + descriptor));
  }

  @Test
  void closingClosesTheDescriptorOnceAndHidesItsNumber() {
    try (Device device = Device.emulatedShareable(64 * MIB);
        Region region = Region.open(device, 2 * MIB);
        RegionExport export = region.export()) {
      List<ExportPiece> pieces = export.pieces();
      ExportPiece piece = pieces.getFirst();
      int descriptor = piece.descriptor();
      assertTrue(isOpen(descriptor));
      pieces.forEach(ExportPiece::close);
      assertFalse(isOpen(descriptor));
      piece.close();
      assertThrows(IllegalStateException.class, piece::descriptor);
      assertEquals(0, piece.offset());
    }
  }

  @Test
  void aDescriptorThatSomebodyElseHasClosedIsSaid() {
    // No process has so many descriptors that this is one of them.
    ExportPiece piece = new ExportPiece(Integer.MAX_VALUE, 0, MIB);
    assertThrows(IllegalStateException.class, piece::close);
    piece.close();
  }

  @Test
  void whatCannotBeAPieceIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new ExportPiece(-1, 0, MIB));
    assertThrows(IllegalArgumentException.class, () -> new ExportPiece(3, -1, MIB));
    assertThrows(IllegalArgumentException.class, () -> new ExportPiece(3, 0, 0));
  }
}
