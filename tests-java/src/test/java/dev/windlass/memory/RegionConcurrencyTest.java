package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Several threads do with one region whatever they like: all that happens is what a status or an
 * exception says.
 */
@Timeout(120)
class RegionConcurrencyTest {
  private static final long SIZE = 4 << 20;
  private static final int THREADS = 4;

  private final Device device = Device.emulated();
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

  @AfterEach
  void close() {
    threads.close();
    device.close();
  }

  @Test
  void pausesAndResumesFromManyThreadsKeepTheBytes() throws Exception {
    try (Region region = Region.open(device, SIZE)) {
      Bytes.fill(region.segment(), 1);
      together(
          thread -> {
            SplittableRandom random = new SplittableRandom(thread);
            for (int i = 0; i < 40; i++) {
              expecting(
                  EnumSet.of(Status.STATE), random.nextBoolean() ? region::pause : region::resume);
            }
          });
      if (region.state() == RegionState.PAUSED) {
        region.resume();
      }
      assertEquals(-1, Bytes.firstDifference(region.segment(), 1));
    }
  }

  @Test
  void segmentsThatDieInTheHandsOfReadersThrowAndNeverFault() throws Exception {
    try (Region region = Region.open(device, SIZE)) {
      region.segment().fill((byte) 7);
      AtomicBoolean done = new AtomicBoolean();
      together(
          thread -> {
            if (thread == 0) {
              for (int i = 0; i < 40; i++) {
                expecting(EnumSet.of(Status.STATE), region::pause);
                expecting(EnumSet.of(Status.STATE), region::resume);
              }
              done.set(true);
            } else {
              while (!done.get()) {
                readUntilItEnds(region);
              }
            }
          });
    }
  }

  private static void readUntilItEnds(Region region) {
    try {
      MemorySegment segment = region.segment();
      for (long at = 0; at < SIZE; at += 512) {
        assertEquals(7, segment.get(ValueLayout.JAVA_BYTE, at));
      }
    } catch (IllegalStateException paused) {
      // Before the segment was asked for, or while it was read: both are as they should be.
    }
  }

  @Test
  void readsAndWritesBesidePausesAreWholeOrRefused() throws Exception {
    try (Region region = Region.open(device, SIZE)) {
      together(
          thread -> {
            byte[] bytes = new byte[1 << 20];
            for (int i = 0; i < 20; i++) {
              MemorySegment memory = MemorySegment.ofArray(bytes);
              expecting(
                  EnumSet.of(Status.STATE), () -> region.write(0, memory.fill((byte) thread)));
              expecting(EnumSet.of(Status.STATE), () -> region.read(0, memory));
              for (byte b : bytes) {
                assertEquals(bytes[0], b);
              }
              expecting(EnumSet.of(Status.STATE), thread == 0 ? region::pause : region::resume);
            }
          });
    }
  }

  @Test
  void closesBesideEverythingElseCloseOnce() throws Exception {
    for (int round = 0; round < 20; round++) {
      Region region = Region.open(device, SIZE);
      together(
          thread -> {
            Set<Status> fitting = EnumSet.of(Status.STATE, Status.STALE_HANDLE);
            expecting(fitting, region::pause);
            if (thread % 2 == 0) {
              region.close();
            }
            expecting(fitting, region::resume);
            expecting(fitting, region::info);
          });
    }
  }

  /** What one of the threads does. */
  @FunctionalInterface
  private interface Work {
    void run(int thread) throws Exception;
  }

  private void together(Work work) throws Exception {
    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<Future<Void>> ends = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int thread = i;
      Callable<Void> task =
          () -> {
            start.await();
            work.run(thread);
            return null;
          };
      ends.add(threads.submit(task));
    }
    for (Future<Void> end : ends) {
      end.get();
    }
  }

  private static void expecting(Set<Status> fitting, Runnable call) {
    try {
      call.run();
    } catch (WindlassException e) {
      assertTrue(fitting.contains(e.status()), e::toString);
    }
  }
}
