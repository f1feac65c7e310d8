package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.support.Bytes;
import org.junit.jupiter.api.Test;

class DeviceTest {
  private static final long MIB = 1 << 20;

  @Test
  void theEmulatedDeviceHasTheMachinesMemory() {
    try (Device device = Device.emulated()) {
      DeviceInfo info = device.info();
      assertFalse(info.name().isEmpty());
      assertTrue(info.hostAccessible());
      assertTrue(info.granularityBytes() > 0);
      assertTrue(info.totalBytes() > 0);
      assertTrue(info.freeBytes() <= info.totalBytes());
      assertEquals(0, info.usedBytes());
    }
  }

  @Test
  void aRegionTakesFromTheDevicesMemoryAndGivesItBack() {
    try (Device device = Device.emulated(64 * MIB)) {
      DeviceInfo before = device.info();
      assertEquals(64 * MIB, before.totalBytes());
      try (Region region = Region.open(device, 16 * MIB)) {
        assertEquals(16 * MIB, device.info().usedBytes());
        region.pause();
        assertEquals(0, device.info().usedBytes());
      }
      assertEquals(before.usedBytes(), device.info().usedBytes());
    }
  }

  @Test
  void aShareableDeviceIsADeviceAsAnyOther() {
    try (Device device = Device.emulatedShareable(64 * MIB);
        Region region = Region.open(device, 16 * MIB)) {
      assertEquals(64 * MIB, device.info().totalBytes());
      Bytes.fill(region.segment(), 5);
      region.pause();
      assertEquals(0, device.info().usedBytes());
      region.resume();
      assertEquals(-1, Bytes.firstDifference(region.segment(), 5));
    }
  }

  @Test
  void moreThanTheDeviceHasIsNoMemory() {
    try (Device device = Device.emulated(16 * MIB)) {
      WindlassException refused =
          assertThrows(WindlassException.class, () -> Region.open(device, 32 * MIB));
      assertEquals(Status.NO_MEMORY, refused.status());
    }
  }

  @Test
  void aDeviceWithoutMemoryIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Device.emulated(0));
    assertThrows(IllegalArgumentException.class, () -> Device.emulated(-1));
    assertThrows(IllegalArgumentException.class, () -> Device.emulatedShareable(0));
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsAStaleHandle() {
    Device device = Device.emulated();
    device.close();
    device.close();
    assertStale(assertThrows(WindlassException.class, device::info));
    assertStale(assertThrows(WindlassException.class, () -> Region.open(device, MIB)));
  }

  @Test
  void aRegionOutlivesItsDevicesHandle() {
    Device device = Device.emulated();
    try (Region region = Region.open(device, MIB)) {
      device.close();
      region.pause();
      region.resume();
      assertEquals(MIB, region.segment().byteSize());
    }
  }

  private static void assertStale(WindlassException failure) {
    assertEquals(Status.STALE_HANDLE, failure.status());
  }
}
