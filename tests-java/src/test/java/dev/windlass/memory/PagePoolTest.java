package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import org.junit.jupiter.api.Test;

class PagePoolTest {
  private static final long MIB = 1 << 20;

  @Test
  void aNewPoolHoldsNothing() {
    try (PagePool pool = PagePool.open()) {
      PagePoolInfo info = pool.info();
      assertTrue(info.limitBytes() > 0);
      assertEquals(0, info.heldBytes());
      assertEquals(0, info.lentBytes());
      assertEquals(0, info.preparedBytes());
    }
  }

  @Test
  void preparedPagesAreLentWithoutGrowingAndComeBack() {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(64 * MIB)) {
      pool.prepare(16 * MIB);
      assertTrue(pool.info().heldBytes() >= 16 * MIB);
      try (Region region = Region.open(device, 16 * MIB, Backup.pooled(pool))) {
        region.pause();
        assertTrue(pool.info().lentBytes() >= 16 * MIB);
        region.resume();
        assertEquals(0, pool.info().lentBytes());
      }
      assertEquals(0, pool.info().grownOnLend());
      pool.trim();
      assertEquals(0, pool.info().heldBytes());
    }
  }

  @Test
  void aPoolThatWasNotPreparedGrowsAndCountsIt() {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(64 * MIB);
        Region region = Region.open(device, 16 * MIB, Backup.pooled(pool))) {
      region.pause();
      assertTrue(pool.info().grownOnLend() > 0);
      region.resume();
    }
  }

  @Test
  void preparingMoreThanTheLimitIsNoSpace() {
    try (PagePool pool = PagePool.open(16 * MIB)) {
      WindlassException refused =
          assertThrows(WindlassException.class, () -> pool.prepare(64 * MIB));
      assertEquals(Status.NO_SPACE, refused.status());
      assertEquals(0, pool.info().heldBytes());
    }
  }

  @Test
  void aPauseThatThePoolHasNoRoomForLeavesTheRegionActive() {
    try (Device device = Device.emulated();
        PagePool pool = PagePool.open(4 * MIB);
        Region region = Region.open(device, 32 * MIB, Backup.pooled(pool))) {
      region.segment().fill((byte) 7);
      WindlassException refused = assertThrows(WindlassException.class, region::pause);
      assertEquals(Status.NO_SPACE, refused.status());
      assertEquals(RegionState.ACTIVE, region.state());
      assertEquals(7, region.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 32 * MIB - 1));
    }
  }

  @Test
  void onTheEmulatedDeviceThereIsNothingToPinAndNothingToWaitFor() {
    try (Device device = Device.emulated(64 * MIB);
        PagePool pool = PagePool.open(64 * MIB)) {
      pool.prepare(16 * MIB);
      pool.pinFor(device);
      pool.pinFor(device);
      pool.awaitPinned();
      try (Region region = Region.open(device, 16 * MIB, Backup.pooled(pool))) {
        region.pause();
        region.resume();
      }
      PagePoolInfo info = pool.info();
      assertEquals(0, info.lentUnpinnedBytes());
      assertEquals(0, info.quarantinedBytes());
    }
  }

  @Test
  void waitingForPinsThatNobodyWantsIsAnErrorOfState() {
    try (PagePool pool = PagePool.open(2 * MIB)) {
      assertEquals(Status.STATE, assertThrows(WindlassException.class, pool::awaitPinned).status());
    }
  }

  @Test
  void aClosedDeviceIsNothingToPinFor() {
    Device device = Device.emulated(2 * MIB);
    device.close();
    try (PagePool pool = PagePool.open(2 * MIB)) {
      assertStale(assertThrows(WindlassException.class, () -> pool.pinFor(device)));
    }
  }

  @Test
  void whatCannotBeAPoolIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> PagePool.open(0));
    assertThrows(IllegalArgumentException.class, () -> PagePool.open(-1));
    try (PagePool pool = PagePool.open()) {
      assertThrows(IllegalArgumentException.class, () -> pool.prepare(-1));
    }
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsAStaleHandle() {
    PagePool pool = PagePool.open();
    pool.close();
    pool.close();
    try (Device device = Device.emulated()) {
      assertStale(assertThrows(WindlassException.class, pool::info));
      assertStale(assertThrows(WindlassException.class, pool::trim));
      assertStale(assertThrows(WindlassException.class, () -> pool.pinFor(device)));
      assertStale(assertThrows(WindlassException.class, pool::awaitPinned));
      assertStale(assertThrows(WindlassException.class, () -> pool.prepare(1)));
      assertStale(
          assertThrows(
              WindlassException.class, () -> Region.open(device, MIB, Backup.pooled(pool))));
    }
  }

  private static void assertStale(WindlassException failure) {
    assertEquals(Status.STALE_HANDLE, failure.status());
  }
}
