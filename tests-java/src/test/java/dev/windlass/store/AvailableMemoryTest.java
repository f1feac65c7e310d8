package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AvailableMemoryTest {
  @TempDir Path root;

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private long bytes() {
    return new AvailableMemory(root).bytes();
  }

  @Test
  void itIsTheLessOfMachineAndControlGroup() throws IOException {
    write("proc/meminfo", "MemTotal:  9000 kB\nMemAvailable:    4000 kB\n");
    assertEquals(4000 << 10, bytes());
    write("sys/fs/cgroup/memory.max", "max\n");
    write("sys/fs/cgroup/memory.current", "1000\n");
    assertEquals(4000 << 10, bytes());
    write("sys/fs/cgroup/memory.max", "5000\n");
    assertEquals(4000, bytes());
    write("sys/fs/cgroup/memory.current", "6000\n");
    assertEquals(0, bytes());
  }

  @Test
  void whereNothingIsToldItIsNone() throws IOException {
    assertEquals(0, bytes());
    write("proc/meminfo", "MemAvailable: many kB\n");
    assertEquals(0, bytes());
  }
}
