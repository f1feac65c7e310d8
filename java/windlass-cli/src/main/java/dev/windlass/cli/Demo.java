package dev.windlass.cli;

import dev.windlass.Windlass;
import dev.windlass.memory.Backup;
import dev.windlass.memory.Device;
import dev.windlass.memory.DeviceInfo;
import dev.windlass.memory.PagePool;
import dev.windlass.memory.PauseReport;
import dev.windlass.memory.Region;
import dev.windlass.memory.ResumeReport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalLong;

/**
 * Fills a region, pauses it, resumes it, and looks at each step whether what Windlass promises is
 * so.
 *
 * <p>What it looks at is the kernel's count of memory and the bytes themselves, not what Windlass
 * reports.
 */
final class Demo {
  private static final long SEED = 20_250_916;
  private static final long USUAL_BYTES = 384 * ByteSize.MIB;
  private static final long LEAST_BYTES = 16 * ByteSize.MIB;

  /** What the Java heap may grow by between two looks. */
  private static final long NOISE_BYTES = 8 * ByteSize.MIB;

  private final Terminal terminal;
  private final BackupChoice backup;
  private final DemoRecord record = new DemoRecord();
  private final ResidentMemory resident = ResidentMemory.ofThisProcess();
  private final Pattern pattern = new Pattern(SEED);
  private long size;

  Demo(Terminal terminal, BackupChoice backup) {
    this.terminal = terminal;
    this.backup = backup;
  }

  /**
   * Runs it, on a region of the size given or of one that suits the machine; returns whether all
   * went well.
   */
  boolean run(OptionalLong wantedSize) {
    try (Device device = Device.emulated()) {
      DeviceInfo info = device.info();
      size = wantedSize.orElseGet(() -> suitableSize(info.freeBytes()));
      terminal
          .out()
          .println(
              "Device: %s, %s free. Region: %s. Backup: %s."
                  .formatted(
                      info.name(),
                      ByteSize.format(info.freeBytes()),
                      ByteSize.format(size),
                      backup.word()));
      terminal.out().println();
      record.mark("start", resident.totalBytes());
      hoist(device, info.granularityBytes());
    }
    record.mark("closed", resident.totalBytes());
    long live = Windlass.liveObjects().values().stream().mapToLong(Long::longValue).sum();
    record.check(live == 0, live + " native objects are still there after closing all");
    return conclude();
  }

  /**
   * The usual size, or less where the machine could not hold region and backup with room to spare.
   */
  static long suitableSize(long freeBytes) {
    long quarter = freeBytes / 4 / LEAST_BYTES * LEAST_BYTES;
    return Math.max(LEAST_BYTES, Math.min(USUAL_BYTES, quarter));
  }

  private void hoist(Device device, long granularity) {
    switch (backup) {
      case POOLED -> {
        long image = Math.ceilDiv(size, granularity) * granularity;
        try (PagePool pool = PagePool.open(image)) {
          Progress progress = new Progress(terminal, "Preparing the pool", 0);
          long start = System.nanoTime();
          pool.prepare(image);
          finish(progress, "pool prepared", System.nanoTime() - start, image);
          cycle(device, Backup.pooled(pool));
        }
      }
      case PAGEABLE -> cycle(device, Backup.pageable());
      case NONE -> cycle(device, Backup.none());
    }
  }

  private void cycle(Device device, Backup chosen) {
    Progress progress = new Progress(terminal, "Opening the region", 0);
    long start = System.nanoTime();
    try (Region region = Region.open(device, size, chosen)) {
      finish(progress, "region opened", System.nanoTime() - start, size);
      long address = region.address();
      terminal.out().println("The region is at 0x%x.".formatted(address));
      MemorySegment segment = region.segment();
      long checksum = fill(segment);
      pause(region);
      checkStale(segment);
      resume(region, address);
      verify(region.segment(), checksum);
    }
  }

  private long fill(MemorySegment segment) {
    Progress progress = new Progress(terminal, "Filling", size);
    long start = System.nanoTime();
    long checksum = pattern.fill(segment, progress::update);
    finish(progress, "filled", System.nanoTime() - start, size);
    return checksum;
  }

  private void pause(Region region) {
    long before = resident.totalBytes();
    Progress progress = new Progress(terminal, "Pausing", 0);
    PauseReport report = region.pause();
    finish(progress, "paused", report.totalNs(), size);
    long fell = before - resident.totalBytes();
    long behind = resident.rangeBytes(region.address(), size);
    record.check(
        behind == 0,
        "%s are still behind the region's addresses while it is paused"
            .formatted(ByteSize.format(behind)));
    if (backup == BackupChoice.PAGEABLE) {
      return; // On the emulated device the backup's memory is this process's too.
    }
    long tolerance = Math.max(size / 10, NOISE_BYTES);
    record.check(
        fell >= size - tolerance,
        "the process's memory fell by %s at the pause, not by %s"
            .formatted(ByteSize.formatMib(fell), ByteSize.formatMib(size)));
  }

  private void checkStale(MemorySegment stale) {
    boolean refused = false;
    try {
      stale.get(ValueLayout.JAVA_BYTE, 0);
    } catch (IllegalStateException expected) {
      refused = true;
    }
    record.check(refused, "a segment from before the pause could still be read");
    terminal.out().println("A segment from before the pause throws instead of crashing.");
  }

  private void resume(Region region, long address) {
    Progress progress = new Progress(terminal, "Resuming", 0);
    ResumeReport report = region.resume();
    finish(progress, "resumed", report.totalNs(), size);
    record.check(
        region.address() == address && region.segment().address() == address,
        "the region came back at 0x%x, not at 0x%x".formatted(region.address(), address));
    terminal.out().println("The region is at 0x%x again.".formatted(region.address()));
  }

  private void verify(MemorySegment segment, long checksum) {
    if (backup == BackupChoice.NONE) {
      terminal.out().println("Without a backup the content is undefined now: not verified.");
      return;
    }
    Progress progress = new Progress(terminal, "Verifying", size);
    long start = System.nanoTime();
    long difference = pattern.firstDifference(segment, progress::update);
    finish(progress, "verified", System.nanoTime() - start, size);
    record.check(difference < 0, "the byte at offset " + difference + " is not what was written");
    long found = Pattern.checksum(segment);
    record.check(found == checksum, "the CRC-32C is %08x, and was %08x".formatted(found, checksum));
  }

  private void finish(Progress progress, String step, long nanos, long bytes) {
    long rss = resident.totalBytes();
    record.step(step, nanos, bytes, rss);
    progress.finish(
        "%10s   process memory now %s".formatted(DemoRecord.time(nanos), ByteSize.formatMib(rss)));
  }

  private boolean conclude() {
    terminal.out().println();
    terminal.out().print(record.table(terminal.columns()));
    terminal.out().println();
    if (!record.allKept()) {
      record.broken().forEach(what -> terminal.err().println("Not as promised: " + what + "."));
      terminal
          .err()
          .println(
              "The demo FAILED. Please report the lines above with the output of ./windlass doctor.");
      return false;
    }
    String bytes =
        backup == BackupChoice.NONE ? "content dropped, as asked" : "every byte verified";
    String away =
        backup == BackupChoice.PAGEABLE ? " went to the backup" : " went back to the machine";
    terminal
        .out()
        .println(
            ByteSize.format(size)
                + away
                + " and came again at the same address, "
                + bytes
                + "; nothing is left open.");
    return true;
  }
}
