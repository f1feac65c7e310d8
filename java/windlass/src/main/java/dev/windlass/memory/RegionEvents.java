package dev.windlass.memory;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** What the flight recorder gets to know of regions. */
final class RegionEvents {
  private RegionEvents() {}

  /** What all have. */
  @Category("Windlass")
  @StackTrace(false)
  abstract static class OfRegion extends Event {
    @Label("Address")
    @MemoryAddress
    long address;

    @Label("Tag")
    String tag = "";

    @Label("Size")
    @DataAmount
    long size;

    @Label("Generation")
    long generation;

    final void describe(Region region, long itsGeneration) {
      address = region.address();
      tag = region.tag();
      size = region.sizeBytes();
      generation = itsGeneration;
    }
  }

  @Name("dev.windlass.RegionPause")
  @Label("Region Pause")
  @Description("A region gave its memory back")
  static final class Pause extends OfRegion {
    @Label("Freed")
    @DataAmount
    long freed;

    @Label("Drain")
    @Timespan
    long drain;

    @Label("Prepare")
    @Timespan
    long prepare;

    @Label("Release")
    @Timespan
    long release;
  }

  @Name("dev.windlass.RegionResume")
  @Label("Region Resume")
  @Description("A region took its memory again")
  static final class Resume extends OfRegion {
    @Label("Taken")
    @DataAmount
    long taken;

    @Label("Map")
    @Timespan
    long map;
  }

  @Name("dev.windlass.Backup")
  @Label("Backup")
  @Description("A region's bytes were saved")
  static final class Backup extends OfRegion {
    @Label("Kind")
    String kind = "";

    @Label("Saved")
    @DataAmount
    long saved;

    @Label("Copy")
    @Timespan
    long copy;

    @Label("Settle")
    @Timespan
    long settle;
  }

  @Name("dev.windlass.Restore")
  @Label("Restore")
  @Description("A region's bytes were restored")
  static final class Restore extends OfRegion {
    @Label("Kind")
    String kind = "";

    @Label("Restored")
    @DataAmount
    long restored;

    @Label("Copy")
    @Timespan
    long copy;
  }

  static void paused(Pause event, Region region, PauseReport report) {
    if (event.shouldCommit()) {
      event.describe(region, report.generation());
      event.freed = report.freedBytes();
      event.drain = report.drainNs();
      event.prepare = report.prepareNs();
      event.release = report.releaseNs();
      event.commit();
    }
    Backup saved = new Backup();
    if (report.savedBytes() > 0 && saved.shouldCommit()) {
      saved.describe(region, report.generation());
      saved.kind = kindOf(region);
      saved.saved = report.savedBytes();
      saved.copy = report.copyNs();
      saved.settle = report.settleNs();
      saved.commit();
    }
  }

  static void resumed(Resume event, Region region, ResumeReport report) {
    if (event.shouldCommit()) {
      event.describe(region, report.generation());
      event.taken = report.takenBytes();
      event.map = report.mapNs();
      event.commit();
    }
    Restore restored = new Restore();
    if (report.restoredBytes() > 0 && restored.shouldCommit()) {
      restored.describe(region, report.generation());
      restored.kind = kindOf(region);
      restored.restored = report.restoredBytes();
      restored.copy = report.copyNs();
      restored.commit();
    }
  }

  private static String kindOf(Region region) {
    return region.backup().getClass().getSimpleName();
  }
}
