package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatternTest {
  private static final long SEED = 7;

  @ParameterizedTest
  @ValueSource(longs = {1, 7, 8, 1 << 20, (1 << 20) + 3, 3 << 20})
  void whatWasFilledHasNoDifference(long size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(size);
      long checksum = new Pattern(SEED).fill(segment, done -> {});
      assertEquals(-1, new Pattern(SEED).firstDifference(segment, done -> {}));
      assertEquals(checksum, Pattern.checksum(segment));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 8191, 1 << 20, (3 << 20) - 1})
  void oneByteThatDiffersIsFoundWhereverItIs(long offset) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(3 << 20);
      long checksum = new Pattern(SEED).fill(segment, done -> {});
      byte before = segment.get(ValueLayout.JAVA_BYTE, offset);
      segment.set(ValueLayout.JAVA_BYTE, offset, (byte) (before ^ 1));
      assertEquals(offset, new Pattern(SEED).firstDifference(segment, done -> {}));
      assertNotEquals(checksum, Pattern.checksum(segment));
    }
  }

  @Test
  void anotherSeedMakesAnotherPattern() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(4096);
      new Pattern(SEED).fill(segment, done -> {});
      assertEquals(0, new Pattern(SEED + 1).firstDifference(segment, done -> {}));
    }
  }

  @Test
  void progressCountsUpToTheSize() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate((2 << 20) + 5);
      List<Long> seen = new ArrayList<>();
      new Pattern(SEED).fill(segment, seen::add);
      assertEquals(List.of(1L << 20, 2L << 20, (2L << 20) + 5), seen);
    }
  }
}
