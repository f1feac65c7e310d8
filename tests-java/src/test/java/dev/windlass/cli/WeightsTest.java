package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.memory.Device;
import dev.windlass.memory.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WeightsTest {
  private static final long BLOCK = 8 * ByteSize.MIB;
  private static final long SIZE = 2 * BLOCK + 3;

  private final Weights weights = new Weights();
  private Device device;
  private Region region;

  @BeforeEach
  void fill() {
    device = Device.emulated(64 * ByteSize.MIB);
    region = Region.open(device, SIZE);
    weights.fill(region);
  }

  @AfterEach
  void close() {
    region.close();
    device.close();
  }

  @Test
  void whatWasWrittenIsFoundAgain() {
    assertEquals(-1, weights.firstDifference(region));
    assertEquals(-1, new Weights().firstDifference(region), "they are always the same");
  }

  @Test
  void aChangedByteIsFoundInItsBlock() {
    region.write(2 * BLOCK + 2, MemorySegment.ofArray(new byte[] {flipped(2 * BLOCK + 2)}));
    assertEquals(2 * BLOCK, weights.firstDifference(region));
    region.write(BLOCK - 1, MemorySegment.ofArray(new byte[] {flipped(BLOCK - 1)}));
    assertEquals(0, weights.firstDifference(region));
  }

  private byte flipped(long offset) {
    return (byte) ~region.segment().get(ValueLayout.JAVA_BYTE, offset);
  }

  @Test
  void aBlockInAnothersPlaceIsFound() {
    MemorySegment memory = region.segment();
    assertNotEquals(-1, memory.asSlice(0, BLOCK).mismatch(memory.asSlice(BLOCK, BLOCK)));
    MemorySegment.copy(memory, 0, memory, BLOCK, BLOCK);
    assertEquals(BLOCK, weights.firstDifference(region));
  }

  @Test
  void theyAreSmallNumbersAroundNothing() {
    double sum = 0;
    for (long offset = 8; offset < BLOCK; offset += Short.BYTES) {
      short bits = region.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, offset);
      float weight = Float.intBitsToFloat(bits << 16);
      assertTrue(Math.abs(weight) < 1, () -> "a weight of " + weight);
      sum += weight;
    }
    assertEquals(0, sum / (BLOCK / Short.BYTES), 1e-3);
  }
}
