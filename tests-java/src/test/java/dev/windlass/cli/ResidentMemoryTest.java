package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResidentMemoryTest {
  private static final String SMAPS =
      """
      1000-2000 r--p 00000000 fe:00 1234  /usr/lib/some:thing.so
      Size:                  4 kB
      Rss:                   4 kB
      7f0000000000-7f0000200000 rw-p 00000000 00:00 0
      Size:               2048 kB
      Rss:                1024 kB
      VmFlags: rd wr mr
      7f0000200000-7f0000400000 ---p 00000000 00:00 0
      Rss:                   8 kB
      """;

  @TempDir Path folder;

  @Test
  void theWholeProcessIsReadFromItsStatus() throws IOException {
    Files.writeString(folder.resolve("status"), "Name:\tjava\nVmRSS:\t   12 kB\nThreads:\t3\n");
    assertEquals(12 * 1024, new ResidentMemory(folder).totalBytes());
  }

  @Test
  void aRangeCountsTheMappingsThatItTouches() throws IOException {
    Files.writeString(folder.resolve("smaps"), SMAPS);
    ResidentMemory memory = new ResidentMemory(folder);
    assertEquals(1024 * 1024, memory.rangeBytes(0x7f0000000000L, 0x200000));
    assertEquals(8 * 1024, memory.rangeBytes(0x7f0000200000L, 0x1000));
    assertEquals(1032 * 1024, memory.rangeBytes(0x7f00001ff000L, 0x2000));
    assertEquals(0, memory.rangeBytes(0x2000, 0x1000));
  }

  @Test
  void aMissingFigureOrFileIsAnError() throws IOException {
    assertThrows(UncheckedIOException.class, () -> new ResidentMemory(folder).totalBytes());
    Files.writeString(folder.resolve("status"), "Name:\tjava\n");
    assertThrows(IllegalStateException.class, () -> new ResidentMemory(folder).totalBytes());
  }

  @Test
  void pagesThatWereTouchedAreSeenInThisProcess() {
    ResidentMemory memory = ResidentMemory.ofThisProcess();
    long size = 4 << 20;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(size).fill((byte) 1);
      assertTrue(memory.rangeBytes(segment.address(), size) >= size);
      assertTrue(memory.totalBytes() >= size);
    }
  }
}
