package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegionsTest {
  private static final long MIB = 1 << 20;
  private static final long SIZE = 3 * MIB + 77;

  private final Device device = Device.emulated(64 * MIB);
  private final Regions regions = Regions.open(device);
  private final List<Region> opened = new ArrayList<>();

  @AfterEach
  void closeAll() {
    opened.forEach(Region::close);
    regions.close();
    device.close();
  }

  private Region open(String tag, long seed) {
    Region region = regions.openRegion(SIZE, RegionSettings.none().withTag(tag));
    opened.add(region);
    Bytes.fill(region.segment(), seed);
    return region;
  }

  @Test
  void twoTagsArePausedAndResumedInReverseOrder() {
    Region weights = open("weights", 1);
    Region cache = open("kv", 2);
    SetReport<PauseReport> paused = regions.pause("weights");
    assertEquals(1, paused.outcomes().size());
    assertEquals(RegionOutcome.Kind.DONE, paused.outcomes().getFirst().kind());
    assertEquals(weights, paused.outcomes().getFirst().region());
    assertEquals(SIZE, paused.movedBytes());
    assertEquals(4 * MIB, paused.deviceBytes());
    assertTrue(paused.gigabytesPerSecond() > 0);
    assertEquals(RegionState.ACTIVE, cache.state());
    regions.pause("kv");
    assertEquals(0, device.info().usedBytes());
    regions.resume("kv");
    assertEquals(RegionState.PAUSED, weights.state());
    assertEquals(SIZE, regions.resume("weights").movedBytes());
    assertEquals(-1, Bytes.firstDifference(weights.segment(), 1));
    assertEquals(-1, Bytes.firstDifference(cache.segment(), 2));
  }

  @Test
  void allArePausedAsOneAndSegmentsFromBeforeEnd() {
    Region first = open("a", 1);
    open("b", 2);
    MemorySegment stale = first.segment();
    regions.pauseAll(IfDone.FAIL);
    assertThrows(IllegalStateException.class, () -> stale.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(0, regions.pause("nobody").outcomes().size());
    regions.resumeAll(IfDone.FAIL);
    assertEquals(-1, Bytes.firstDifference(first.segment(), 1));
  }

  @Test
  void oneThatIsThereAlreadyFailsTheCallOrIsPassedOver() {
    Region first = open("a", 1);
    Region second = open("a", 2);
    second.pause();
    RegionSetException failed =
        assertThrows(RegionSetException.class, () -> regions.pause("a", IfDone.FAIL));
    assertEquals(Status.STATE, failed.status());
    assertEquals(2, failed.outcomes().size());
    assertEquals(RegionOutcome.Kind.UNTOUCHED, failed.outcomes().getFirst().kind());
    assertEquals(Status.STATE, failed.outcomes().getLast().status());
    assertEquals(RegionState.ACTIVE, first.state());
    SetReport<PauseReport> paused = regions.pause("a", IfDone.SKIP);
    assertEquals(
        List.of(RegionOutcome.Kind.DONE, RegionOutcome.Kind.SKIPPED),
        paused.outcomes().stream().map(RegionOutcome::kind).toList());
    assertEquals(SIZE, paused.movedBytes());
    regions.pauseAll(IfDone.SKIP);
    regions.resumeAll(IfDone.SKIP);
    regions.resumeAll(IfDone.SKIP);
    assertEquals(-1, Bytes.firstDifference(second.segment(), 2));
  }

  @Test
  void withoutMemoryAllStayPausedUntilThereIsSome() {
    Region first = open("a", 1);
    Region second = open("a", 2);
    regions.pauseAll(IfDone.FAIL);
    try (Region greedy = Region.open(device, 58 * MIB, Backup.none())) {
      RegionSetException failed =
          assertThrows(RegionSetException.class, () -> regions.resumeAll(IfDone.FAIL));
      assertEquals(Status.NO_MEMORY, failed.status());
      assertEquals(RegionOutcome.Kind.UNDONE, failed.outcomes().getFirst().kind());
      assertEquals(RegionState.PAUSED, first.state());
      assertEquals(RegionState.PAUSED, second.state());
      assertEquals(RegionState.ACTIVE, greedy.state());
    }
    regions.resumeAll(IfDone.FAIL);
    assertEquals(-1, Bytes.firstDifference(first.segment(), 1));
    assertEquals(-1, Bytes.firstDifference(second.segment(), 2));
  }

  @Test
  void aRegionClosedWhilePausedIsNoMemberAnyMore() {
    open("a", 1).pause();
    Region second = open("a", 2);
    opened.removeFirst().close();
    assertEquals(List.of(second), regions.members("a"));
    regions.pause("a");
    regions.resume("a");
    assertEquals(-1, Bytes.firstDifference(second.segment(), 2));
  }

  @Test
  void theMarginStaysFree() {
    regions.setMargin(60 * MIB + 1);
    WindlassException refused = assertThrows(WindlassException.class, () -> open("a", 1));
    assertEquals(Status.NO_MEMORY, refused.status());
    assertTrue(String.valueOf(refused.getMessage()).contains("are to stay free"));
    regions.setMargin(0);
    open("a", 1);
    assertThrows(IllegalArgumentException.class, () -> regions.setMargin(-1));
  }

  /** Writes down what it is told, and refuses on demand. */
  private static final class Witness implements RegionListener {
    private final String name;
    private final List<String> story;
    private boolean refuses;

    Witness(String name, List<String> story) {
      this.name = name;
      this.story = story;
    }

    @Override
    public void beforePause(Region region) {
      if (refuses) {
        throw new IllegalStateException("an all-reduce is under way");
      }
      story.add(name + " before " + region.tag());
    }

    @Override
    public void afterPause(Region region, PauseReport report) {
      story.add(name + " paused " + region.tag() + " " + report.generation());
    }

    @Override
    public void afterReturn(Region region) {
      story.add(name + " back " + region.tag() + " " + region.generation());
    }
  }

  @Test
  void listenersAreToldInOrderAndCanRefuse() {
    List<String> story = new ArrayList<>();
    Witness ofSet = new Witness("set", story);
    Witness own = new Witness("own", story);
    Region region = open("a", 1);
    regions.addListener(ofSet);
    region.addListener(own);
    regions.pause("a");
    regions.resume("a");
    List<String> whole =
        List.of(
            "own before a",
            "set before a",
            "set paused a 2",
            "own paused a 2",
            "set back a 2",
            "own back a 2");
    assertEquals(whole, story);

    story.clear();
    ofSet.refuses = true;
    WindlassException refused = assertThrows(WindlassException.class, () -> regions.pause("a"));
    assertEquals(Status.STATE, refused.status());
    assertTrue(String.valueOf(refused.getMessage()).contains("an all-reduce is under way"));
    assertInstanceOf(IllegalStateException.class, refused.getCause());
    assertEquals(List.of("own before a", "own back a 2"), story);
    assertEquals(RegionState.ACTIVE, region.state());

    story.clear();
    ofSet.refuses = false;
    regions.removeListener(ofSet);
    region.pause();
    region.resume();
    assertEquals(List.of("own before a", "own paused a 3", "own back a 3"), story);
    region.removeListener(own);
    assertEquals(-1, Bytes.firstDifference(region.segment(), 1));
  }

  @Test
  void whoWasToldOfAPauseThatFailedHearsThatThePagesStay() {
    List<String> story = new ArrayList<>();
    try (PagePool tooSmall = PagePool.open(2 * MIB);
        Region region =
            regions.openRegion(
                SIZE, RegionSettings.none().withTag("a").withBackup(Backup.pooled(tooSmall)))) {
      regions.addListener(new Witness("set", story));
      RegionSetException failed = assertThrows(RegionSetException.class, () -> regions.pause("a"));
      assertEquals(Status.NO_SPACE, failed.status());
      assertEquals(List.of("set before a", "set back a 1"), story);
      assertEquals(RegionState.ACTIVE, region.state());
    }
  }

  @Test
  void asynchronousCallsRunOnPlatformThreadsAndDeliverTheReport() {
    Region region = open("a", 1);
    AtomicReference<Thread> thread = new AtomicReference<>();
    region.addListener(
        new RegionListener() {
          @Override
          public void beforePause(Region paused) {
            thread.set(Thread.currentThread());
          }
        });
    assertEquals(SIZE, regions.pauseAsync("a", IfDone.FAIL).join().movedBytes());
    assertFalse(thread.get().isVirtual());
    assertNotSame(Thread.currentThread(), thread.get());
    CompletionException failed =
        assertThrows(CompletionException.class, () -> region.pauseAsync().join());
    assertEquals(
        Status.STATE, assertInstanceOf(WindlassException.class, failed.getCause()).status());
    assertEquals(SIZE, region.resumeAsync().join().restoredBytes());
    region.pause();
    assertEquals(SIZE, regions.resumeAsync("a", IfDone.FAIL).join().movedBytes());
  }

  @Test
  void theFlightRecorderSeesPausesAndResumes(@TempDir java.nio.file.Path folder) throws Exception {
    Region region = open("weights", 1);
    java.nio.file.Path file = folder.resolve("regions.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("dev.windlass.RegionPause");
      recording.enable("dev.windlass.RegionResume");
      recording.enable("dev.windlass.Backup");
      recording.enable("dev.windlass.Restore");
      recording.start();
      regions.pause("weights");
      region.resume();
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertEquals(
        List.of(
            "dev.windlass.RegionPause",
            "dev.windlass.Backup",
            "dev.windlass.RegionResume",
            "dev.windlass.Restore"),
        events.stream().map(event -> event.getEventType().getName()).toList());
    assertEquals(
        List.of(SIZE, SIZE),
        List.of(events.get(1).getLong("saved"), events.get(3).getLong("restored")));
    for (RecordedEvent event : events) {
      assertEquals("weights", event.getString("tag"));
      assertEquals(region.address(), event.getLong("address"));
      assertEquals(2, event.getLong("generation"));
    }
  }

  @Test
  void aClosedSetLeavesItsRegionsAndRefusesCalls() {
    Region region = open("a", 1);
    regions.close();
    regions.close();
    region.pause();
    region.resume();
    assertEquals(-1, Bytes.firstDifference(region.segment(), 1));
    assertEquals(
        Status.STALE_HANDLE,
        assertThrows(WindlassException.class, () -> regions.pause("a")).status());
  }
}
