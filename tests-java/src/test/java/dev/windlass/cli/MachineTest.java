package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.cli.Finding.Presence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Method: a folder stands in for the root of the file system. */
class MachineTest {
  @TempDir Path root;
  private Machine machine;

  @BeforeEach
  void openMachine() {
    machine = new Machine(root);
  }

  private void write(String file, String content) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
  }

  @Test
  void plentyOfFreeMemoryIsPresent() throws IOException {
    write("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n");
    assertEquals(
        Finding.present("free memory", "4 GiB available of 8 GiB; no container limit"),
        machine.freeMemory());
  }

  @Test
  void aContainerThatLimitsMemoryToLittleIsSaid() throws IOException {
    write("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n");
    write("proc/self/cgroup", "0::/box\n");
    write("sys/fs/cgroup/box/memory.max", "268435456\n");
    Finding finding = machine.freeMemory();
    assertEquals(Presence.ABSENT, finding.presence());
    assertTrue(finding.detail().endsWith("the container's limit is 256 MiB"), finding.detail());
    assertTrue(finding.remedy().contains("smaller regions"), finding.remedy());
  }

  @Test
  void theTightestLimitOfTheGroupsAboveCounts() throws IOException {
    write("proc/self/cgroup", "0::/outer/inner\n");
    write("sys/fs/cgroup/outer/memory.max", "1000\n");
    write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
    assertEquals(OptionalLong.of(1000), machine.containerLimit());
  }

  @Test
  void versionOneOfControlGroupsIsUnderstood() throws IOException {
    write("proc/self/cgroup", "5:cpu:/a\n4:memory:/a\n");
    write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4096\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assertEquals(OptionalLong.of(4096), machine.containerLimit());
  }

  @Test
  void noGroupsMeansNoLimit() {
    assertEquals(OptionalLong.empty(), machine.containerLimit());
  }

  @Test
  void explicitHugepagesAreCounted() throws IOException {
    write("proc/meminfo", "HugePages_Total: 8\nHugePages_Free: 3\nHugepagesize: 2048 kB\n");
    assertEquals(
        Finding.present("explicit hugepages", "3 of 8 free, 2 MiB each"), machine.hugepages());
    write("proc/meminfo", "HugePages_Total: 0\n");
    assertEquals(Presence.ABSENT, machine.hugepages().presence());
  }

  @Test
  void theFileSystemOfTheTemporaryFolderIsThatOfTheLongestMountPoint() throws IOException {
    write("proc/self/mounts", "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n");
    assertEquals(Presence.PRESENT, machine.temporaryFolder("/tmp").presence());
    assertEquals(Presence.PRESENT, machine.temporaryFolder("/tmp/deep").presence());
    Finding elsewhere = machine.temporaryFolder("/tmpfolder");
    assertEquals(Presence.ABSENT, elsewhere.presence());
    assertEquals("/tmpfolder is on ext4", elsewhere.detail());
  }

  @Test
  void theLoadedLibraryIsFoundInTheMaps() throws IOException {
    write(
        "proc/self/maps",
        """
        1000-2000 r-xp 00000000 fe:00 17    /usr/lib/libc.so.6
        3000-4000 r-xp 00000000 fe:00 18    /home/a b/libwindlass-0123.so
        """);
    assertEquals(Optional.of("/home/a b/libwindlass-0123.so"), machine.loadedLibrary());
  }

  @Test
  void whatCannotBeReadIsUnknownAndNoError() {
    assertEquals(Presence.UNKNOWN, machine.freeMemory().presence());
    assertEquals(Presence.UNKNOWN, machine.temporaryFolder("/tmp").presence());
    assertEquals(Presence.ABSENT, machine.hugepages().presence());
    assertEquals(Optional.empty(), machine.loadedLibrary());
    assertTrue(machine.processor().detail().startsWith("model unknown"));
    assertTrue(machine.platform().detail().contains("unknown"));
  }

  @Test
  void thisMachineHasAProcessorAndMemory() {
    Machine here = new Machine(Path.of("/"));
    assertEquals(Presence.PRESENT, here.platform().presence());
    assertTrue(here.freeMemory().detail().contains("available of"));
  }
}
