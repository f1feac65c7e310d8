package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.function.LongBinaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class RegionTest {
  private static final long MIB = 1 << 20;
  private static final long SIZE = 4 * MIB;

  private final Device device = Device.emulated();

  @AfterEach
  void closeDevice() {
    device.close();
  }

  @Test
  void aNewRegionIsActiveAndZeroed() {
    try (Region region = Region.open(device, SIZE)) {
      assertEquals(RegionState.ACTIVE, region.state());
      assertEquals(SIZE, region.sizeBytes());
      assertEquals(1, region.generation());
      assertEquals(region.address(), region.segment().address());
      assertEquals(SIZE, region.segment().byteSize());
      assertTrue(region.segment().mismatch(MemorySegment.ofArray(new byte[(int) SIZE])) < 0);
    }
  }

  @Test
  void theInfoFollowsTheRegion() {
    try (Region region = Region.open(device, SIZE - 5, Backup.pageable().verified())) {
      RegionInfo active = region.info();
      assertEquals(RegionState.ACTIVE, active.state());
      assertEquals(Backup.pageable().verified(), active.backup());
      assertEquals(region.address(), active.address());
      assertEquals(SIZE - 5, active.sizeBytes());
      assertEquals(SIZE, active.mappedBytes());
      assertEquals(0, active.backupBytes());
      region.pause();
      RegionInfo paused = region.info();
      assertEquals(RegionState.PAUSED, paused.state());
      assertEquals(active.address(), paused.address());
      assertEquals(0, paused.mappedBytes());
      assertEquals(2, paused.generation());
    }
  }

  @Test
  void thePauseReportsWhatWasSavedAndFreed() {
    try (Region region = Region.open(device, SIZE)) {
      region.segment().fill((byte) 1);
      PauseReport paused = region.pause();
      assertEquals(SIZE, paused.savedBytes());
      assertEquals(SIZE, paused.freedBytes());
      assertTrue(
          paused.drainNs() + paused.prepareNs() + paused.copyNs() + paused.releaseNs()
              <= paused.totalNs(),
          paused::toString);
      ResumeReport resumed = region.resume();
      assertEquals(SIZE, resumed.restoredBytes());
      assertEquals(SIZE, resumed.takenBytes());
      assertTrue(
          resumed.mapNs() + resumed.copyNs() + resumed.releaseNs() <= resumed.totalNs(),
          resumed::toString);
    }
  }

  @Test
  void aSegmentFromBeforeThePauseThrowsForEver() {
    try (Region region = Region.open(device, SIZE)) {
      MemorySegment stale = region.segment();
      assertSame(stale, region.segment());
      region.pause();
      assertThrows(IllegalStateException.class, () -> stale.get(ValueLayout.JAVA_BYTE, 0));
      region.resume();
      assertThrows(IllegalStateException.class, () -> stale.get(ValueLayout.JAVA_BYTE, 0));
      assertNotSame(stale, region.segment());
      assertEquals(0, region.segment().get(ValueLayout.JAVA_BYTE, 0));
    }
  }

  @Test
  void aSegmentOfAClosedRegionThrows() {
    Region region = Region.open(device, SIZE);
    MemorySegment stale = region.segment();
    region.close();
    assertThrows(IllegalStateException.class, () -> stale.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
  }

  @Test
  void aPausedRegionHasNoSegmentAndSaysWhichItIs() {
    try (Region region = Region.open(device, SIZE)) {
      region.pause();
      IllegalStateException refused = assertThrows(IllegalStateException.class, region::segment);
      assertTrue(
          String.valueOf(refused.getMessage()).contains(Long.toHexString(region.address())),
          refused::toString);
    }
  }

  @Test
  void pausingThePausedAndResumingTheActiveAreStateErrors() {
    try (Region region = Region.open(device, SIZE)) {
      assertStatus(Status.STATE, region::resume);
      region.pause();
      assertStatus(Status.STATE, region::pause);
      assertStatus(Status.STATE, region::acknowledge);
      region.resume();
      assertEquals(2, region.generation());
    }
  }

  @Test
  void readAndWriteMoveBytesOfEveryKindOfSegment() {
    byte[] written = Bytes.of(1 << 20, 42);
    try (Region region = Region.open(device, SIZE);
        Arena arena = Arena.ofConfined()) {
      region.write(4099, MemorySegment.ofArray(written));
      byte[] onHeap = new byte[written.length];
      region.read(4099, MemorySegment.ofArray(onHeap));
      assertArrayEquals(written, onHeap);
      MemorySegment offHeap = arena.allocate(written.length);
      region.read(4099, offHeap);
      assertEquals(-1, Bytes.firstDifference(offHeap, 42));
      region.write(0, offHeap);
      assertEquals(-1, Bytes.firstDifference(region.segment().asSlice(0, written.length), 42));
      long[] longs = new long[8];
      region.read(8, MemorySegment.ofArray(longs));
      assertEquals(offHeap.get(ValueLayout.JAVA_LONG, 8), longs[0]);
      region.read(SIZE, MemorySegment.ofArray(new byte[0]));
    }
  }

  @Test
  void readAndWriteOfAPausedRegionAreStateErrors() {
    try (Region region = Region.open(device, SIZE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment onHeap = MemorySegment.ofArray(new byte[8]);
      MemorySegment offHeap = arena.allocate(8);
      region.pause();
      for (MemorySegment memory : List.of(onHeap, offHeap)) {
        assertStatus(Status.STATE, () -> region.read(0, memory));
        assertStatus(Status.STATE, () -> region.write(0, memory));
      }
    }
  }

  @Test
  void rangesOutsideTheRegionAreRefused() {
    try (Region region = Region.open(device, SIZE)) {
      MemorySegment eight = MemorySegment.ofArray(new byte[8]);
      for (long offset : new long[] {-1, SIZE - 7, SIZE, Long.MAX_VALUE, Long.MIN_VALUE}) {
        assertThrows(IllegalArgumentException.class, () -> region.read(offset, eight));
        assertThrows(IllegalArgumentException.class, () -> region.write(offset, eight));
      }
      assertThrows(IllegalArgumentException.class, () -> region.read(0, eight.asReadOnly()));
      region.write(0, eight.asReadOnly());
    }
  }

  @Test
  void whatCannotBeARegionIsRefused() {
    Backup backup = Backup.none();
    assertThrows(IllegalArgumentException.class, () -> Region.open(device, 0));
    assertThrows(IllegalArgumentException.class, () -> Region.open(device, -1));
    assertThrows(IllegalArgumentException.class, () -> Region.open(device, SIZE, backup, -1));
    assertThrows(NullPointerException.class, () -> Region.open(null, SIZE));
    assertThrows(NullPointerException.class, () -> Region.open(device, SIZE, null));
  }

  @Test
  void aRegionBeyondMemoryIsNoMemory() {
    long tooLarge = device.info().totalBytes() * 2;
    assertStatus(Status.NO_MEMORY, () -> Region.open(device, tooLarge));
    assertThrows(WindlassException.class, () -> Region.open(device, Long.MAX_VALUE));
  }

  @Test
  void aClosedRegionIsAStaleHandleAndClosingTwiceIsHarmless() {
    Region region = Region.open(device, SIZE);
    long address = region.address();
    region.close();
    region.close();
    MemorySegment memory = MemorySegment.ofArray(new byte[8]);
    for (Executable use :
        List.<Executable>of(
            region::segment,
            region::pause,
            region::resume,
            region::info,
            region::state,
            region::generation,
            region::acknowledge,
            () -> region.read(0, memory),
            () -> region.write(0, memory))) {
      assertStatus(Status.STALE_HANDLE, use);
    }
    assertEquals(address, region.address());
    assertEquals(SIZE, region.sizeBytes());
  }

  /**
   * Goal: a pause or close while the segment is in use is refused, and leaves the region usable.
   *
   * <p>Method: C's qsort is given the segment, and pauses and closes the region from its
   * comparison.
   */
  @Test
  void aRegionWhoseSegmentANativeCallUsesRefusesToPauseAndClose() throws Throwable {
    try (Region region = Region.open(device, SIZE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment segment = region.segment();
      Comparison comparison = new Comparison(region);
      sort(segment, comparison.stub(arena));
      assertTrue(comparison.calls > 0);
      assertEquals(RegionState.ACTIVE, region.state());
      assertSame(segment, region.segment());
      region.pause();
    }
  }

  private static final class Comparison implements LongBinaryOperator {
    private final Region region;
    private int calls;

    Comparison(Region region) {
      this.region = region;
    }

    @Override
    public long applyAsLong(long left, long right) {
      calls++;
      assertStatus(Status.STATE, region::pause);
      assertStatus(Status.STATE, region::close);
      return Long.compare(left, right);
    }

    @SuppressWarnings("restricted")
    MemorySegment stub(Arena arena) throws ReflectiveOperationException {
      MethodHandle handle =
          MethodHandles.lookup()
              .findVirtual(
                  LongBinaryOperator.class,
                  "applyAsLong",
                  MethodType.methodType(long.class, long.class, long.class))
              .bindTo(this);
      MethodType asInC = MethodType.methodType(int.class, long.class, long.class);
      FunctionDescriptor descriptor =
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
      return Linker.nativeLinker()
          .upcallStub(MethodHandles.explicitCastArguments(handle, asInC), descriptor, arena);
    }
  }

  /** Two elements are enough for one comparison. */
  @SuppressWarnings("restricted")
  private static void sort(MemorySegment segment, MemorySegment comparison) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle qsort =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("qsort"),
            FunctionDescriptor.ofVoid(
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS));
    qsort.invokeExact(segment, 2L, 8L, comparison);
  }

  private static void assertStatus(Status expected, Executable call) {
    WindlassException failure = assertThrows(WindlassException.class, call);
    assertEquals(expected, failure.status(), failure::toString);
  }
}
