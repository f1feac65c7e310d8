package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeTest {
  private static final long MIB = 1 << 20;

  private static void assertStatus(Status status, Runnable call) {
    WindlassException thrown = assertThrows(WindlassException.class, call::run);
    assertEquals(status, thrown.status(), thrown.getMessage());
  }

  @Test
  void aNewVolumeHoldsNothingButWhatWasPrepared() {
    try (Volume volume = Volume.open()) {
      assertTrue(volume.info().limitBytes() > 0);
      assertEquals(0, volume.info().entries());
    }
    VolumeOptions prepared =
        VolumeOptions.usual()
            .withLimitBytes(32 * MIB)
            .withSegmentBytes(8 * MIB)
            .withPreparedBytes(16 * MIB);
    try (Volume volume = Volume.open(prepared)) {
      assertEquals(32 * MIB, volume.info().limitBytes());
      assertTrue(volume.info().heldBytes() >= 16 * MIB);
      assertEquals(0, volume.info().usedBytes());
    }
  }

  @Test
  void withEvictionWhatWasReadLongestAgoGoesAndWhatIsPinnedStays() {
    VolumeOptions options =
        VolumeOptions.usual()
            .withLimitBytes(8 * MIB)
            .withSegmentBytes(2 * MIB)
            .withEviction(Eviction.LRU);
    try (Volume volume = Volume.open(options);
        TensorStore store = TensorStore.open(volume)) {
      Shape shape = Shape.of(2 * MIB);
      store.put("pinned", Stores.random(DType.U8, shape, 0));
      store.pin("pinned");
      assertTrue(store.describe("pinned").orElseThrow().pinned());
      for (int i = 0; i < 10; i++) {
        store.put("value" + i, Stores.random(DType.U8, shape, i));
      }
      assertTrue(store.exists("pinned"));
      assertTrue(store.exists("value9"));
      assertFalse(store.exists("value0"));
      assertTrue(volume.info().evictions() > 0);
      store.unpin("pinned");
      assertFalse(store.describe("pinned").orElseThrow().pinned());
    }
  }

  @Test
  void anAddressIsTakenOnceAndItsSocketGoesWithTheVolume(@TempDir Path folder) {
    Path socket = folder.resolve("v.sock");
    try (Volume volume = Volume.open();
        Volume second = Volume.open()) {
      assertEquals("shm://" + socket, volume.listen("shm://" + socket));
      assertStatus(Status.STATE, () -> second.listen("shm://" + socket));
    }
    assertFalse(Files.exists(socket));
  }

  @Test
  void elsewhereThanOnLoopbackASecretIsNeeded() {
    try (Volume volume = Volume.open()) {
      assertStatus(Status.PERMISSION, () -> volume.listen("tcp://0.0.0.0:0"));
      String secret = "a secret of at least 16 bytes";
      String uri = volume.listen("tcp://0.0.0.0:0", ListenOptions.usual().withSecret(secret));
      assertTrue(uri.startsWith("tcp://"), uri);
      assertFalse(uri.endsWith(":0"), uri);
      assertStatus(Status.INVALID_ARGUMENT, () -> volume.listen("http://127.0.0.1:0"));
    }
  }

  @Test
  void whatCannotBeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> VolumeOptions.usual().withLimitBytes(-1));
    assertThrows(IllegalArgumentException.class, () -> ListenOptions.usual().withMostClients(0));
    assertThrows(
        IllegalArgumentException.class, () -> ListenOptions.usual().withSlowTimeout(Duration.ZERO));
    assertFalse(ListenOptions.usual().withSecret("hidden").toString().contains("hidden"));
    assertFalse(StoreOptions.usual().withSecret("hidden").toString().contains("hidden"));
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsAStaleHandle() {
    Volume volume = Volume.open();
    volume.close();
    volume.close();
    assertStatus(Status.STALE_HANDLE, volume::info);
    assertStatus(Status.STALE_HANDLE, () -> volume.listen("tcp://127.0.0.1:0"));
    assertStatus(Status.STALE_HANDLE, () -> TensorStore.open(volume));
  }
}
