package dev.windlass.cli;

import dev.windlass.Windlass;
import dev.windlass.memory.Backup;
import dev.windlass.memory.BackupDirectory;
import dev.windlass.memory.Compression;
import dev.windlass.memory.Device;
import dev.windlass.memory.PagePool;
import dev.windlass.memory.PauseReport;
import dev.windlass.memory.Region;
import dev.windlass.memory.RegionInfo;
import dev.windlass.memory.RegionState;
import dev.windlass.memory.ResumeReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Pauses and resumes a region of weights with every backup, checks every byte, and shows the times
 * beside each other.
 */
final class SideBySide {
  private final Terminal terminal;
  private final Supplier<Device> opener;
  private final Path folder;
  private final List<String> broken = new ArrayList<>();
  private final TextTable table =
      new TextTable("Backup", "Pause", "GB/s", "Resume", "GB/s", "While paused, the bytes are in")
          .alignRight(1, 2, 3, 4);

  /** Files go to a folder of their own within the one given. */
  SideBySide(Terminal terminal, Supplier<Device> opener, Path folder) {
    this.terminal = terminal;
    this.opener = opener;
    this.folder = folder;
  }

  /** Runs it, on regions of the size; returns whether all went well. */
  boolean run(long size) {
    Path own = makeFolder();
    try (Device device = opener.get();
        PagePool pool = PagePool.open(imageBytes(device, size))) {
      pool.prepare(imageBytes(device, size));
      pool.pinFor(device);
      pool.awaitPinned();
      try (BackupDirectory directory = BackupDirectory.open(own)) {
        Weights weights = new Weights();
        backups(pool, directory, size)
            .forEach((name, backup) -> cycle(device, name, backup, size, weights));
        describe(directory);
      }
    } finally {
      removeFolder(own);
    }
    long live = Windlass.liveObjects().values().stream().mapToLong(Long::longValue).sum();
    check(live == 0, live + " native objects are still there after closing all");
    return conclude();
  }

  private static long imageBytes(Device device, long size) {
    long granularity = device.info().granularityBytes();
    return Math.ceilDiv(size, granularity) * granularity;
  }

  private static Map<String, Backup> backups(PagePool pool, BackupDirectory directory, long size) {
    Map<String, Backup> backups = new LinkedHashMap<>();
    backups.put("none", Backup.none());
    backups.put("pooled", Backup.pooled(pool));
    backups.put("pageable", Backup.pageable());
    backups.put("pageable, verified", Backup.pageable().verified());
    backups.put("file", Backup.inFile(directory));
    backups.put("compressed", Backup.pageable().compressed(Compression.AUTO));
    backups.put("tiered", Backup.tiered().pageable(Math.max(1, size / 3)).directory(directory));
    return backups;
  }

  private void cycle(Device device, String name, Backup backup, long size, Weights weights) {
    try (Region region = Region.open(device, size, backup)) {
      weights.fill(region);
      long address = region.address();
      PauseReport paused = region.pause();
      RegionInfo info = region.info();
      check(info.state() == RegionState.PAUSED, name + ": the region is not paused");
      check(
          paused.freedBytes() >= size,
          name + ": only " + ByteSize.format(paused.freedBytes()) + " were given back");
      ResumeReport resumed = region.resume();
      check(region.address() == address, name + ": the address has changed");
      if (!(backup instanceof Backup.None)) {
        long difference = weights.firstDifference(region);
        check(difference < 0, name + ": the bytes from offset " + difference + " on differ");
      }
      table.row(
          name,
          DemoRecord.time(paused.totalNs()),
          rate(size, paused.totalNs()),
          DemoRecord.time(resumed.totalNs()),
          rate(size, resumed.totalNs()),
          place(info, size));
    }
  }

  private static String rate(long bytes, long nanos) {
    return nanos == 0 ? "" : String.format(Locale.ROOT, "%.1f", (double) bytes / nanos);
  }

  private static String place(RegionInfo info, long size) {
    List<String> places = new ArrayList<>();
    if (info.backupBytes() > 0) {
      places.add(ByteSize.format(info.backupBytes()) + " of host memory");
    }
    if (info.storedBytes() > 0) {
      places.add(ByteSize.format(info.storedBytes()) + " of a file");
    }
    if (places.isEmpty()) {
      return "nowhere: content is undefined after";
    }
    long kept = info.backupBytes() + info.storedBytes();
    String share =
        kept < size * 9 / 10 ? String.format(Locale.ROOT, " (%d %%)", kept * 100 / size) : "";
    return String.join(", ", places) + share;
  }

  private void describe(BackupDirectory directory) {
    var info = directory.info();
    terminal
        .out()
        .println(
            "Files: %s, %s, %s."
                .formatted(
                    directory.path().getParent(),
                    info.engine().name().toLowerCase(Locale.ROOT),
                    info.inMemory()
                        ? "in memory (tmpfs), so that they free none"
                        : info.direct() ? "past the page cache" : "through the page cache"));
  }

  private boolean conclude() {
    terminal.out().println();
    terminal.out().print(table.render(terminal.columns()));
    terminal.out().println();
    broken.forEach(what -> terminal.err().println("Not as promised: " + what + "."));
    terminal
        .out()
        .println(
            broken.isEmpty()
                ? "Every byte verified after each; nothing is left open."
                : "The comparison FAILED.");
    return broken.isEmpty();
  }

  private void check(boolean kept, String what) {
    if (!kept) {
      broken.add(what);
    }
  }

  private Path makeFolder() {
    try {
      return Files.createTempDirectory(folder, "windlass-demo-");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static void removeFolder(Path own) {
    try (Stream<Path> left = Files.list(own)) {
      for (Path file : left.toList()) {
        Files.delete(file);
      }
      Files.delete(own);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
