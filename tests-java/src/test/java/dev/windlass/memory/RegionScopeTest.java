package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegionScopeTest {
  private static final long SIZE = 4096;

  private final Device device = Device.emulated(64 << 20);
  private final Regions regions = Regions.open(device);
  private final List<Region> opened = new ArrayList<>();

  @AfterEach
  void closeAll() {
    opened.forEach(Region::close);
    regions.close();
    device.close();
  }

  private Region open() {
    Region region = regions.openRegion(SIZE);
    opened.add(region);
    return region;
  }

  private static RegionSettings tag(String tag) {
    return RegionSettings.none().withTag(tag);
  }

  @Test
  void innerScopesOverrideOuterOnesAndClosingRestoresThem() {
    try (RegionScope outer = regions.scope(tag("outer").withChunkBytes(2 << 20))) {
      assertEquals("outer", open().tag());
      try (RegionScope inner = regions.scope(tag("inner").withBackup(Backup.none()))) {
        assertEquals("inner", open().tag());
        assertEquals(Backup.none(), opened.getLast().info().backup());
        assertEquals(2 << 20, inner.settings().chunkBytes().orElseThrow());
      }
      assertEquals("outer", open().tag());
      assertEquals(Backup.pageable(), opened.getLast().info().backup());
      assertEquals("outer", outer.settings().tag().orElseThrow());
    }
    assertEquals("", open().tag());
  }

  @Test
  void whatIsOpenedWhileDisabledIsNotReachedByTag() {
    try (RegionScope all = regions.scope(tag("a"))) {
      assertEquals("a", all.settings().tag().orElseThrow());
      open();
      try (RegionScope apart = regions.scope(RegionSettings.none().withEnabled(false))) {
        assertEquals("a", apart.settings().tag().orElseThrow());
        open();
        try (RegionScope again = regions.scope(RegionSettings.none().withEnabled(true))) {
          assertEquals("a", again.settings().tag().orElseThrow());
          open();
        }
      }
    }
    regions.pauseAll(IfDone.FAIL);
    assertEquals(
        List.of(RegionState.PAUSED, RegionState.ACTIVE, RegionState.PAUSED),
        opened.stream().map(Region::state).toList());
  }

  @Test
  void twoThreadsHaveScopesOfTheirOwn() throws ExecutionException, InterruptedException {
    try (RegionScope here = regions.scope(tag("here"))) {
      FutureTask<String> there =
          new FutureTask<>(
              () -> {
                try (RegionScope scope = regions.scope(tag("there"));
                    Region region = regions.openRegion(SIZE)) {
                  assertThrows(IllegalStateException.class, here::close);
                  assertEquals("there", scope.settings().tag().orElseThrow());
                  return region.tag();
                }
              });
      Thread thread = Thread.ofVirtual().start(there);
      assertEquals("there", there.get());
      thread.join();
      assertEquals("here", open().tag());
    }
  }

  @Test
  void scopesAreClosedOnceAndInnermostFirst() {
    RegionScope outer = regions.scope(tag("outer"));
    RegionScope inner = regions.scope(tag("inner"));
    assertThrows(IllegalStateException.class, outer::close);
    inner.close();
    outer.close();
    assertThrows(IllegalStateException.class, outer::close);
  }

  @Test
  void scopesOfTwoSetsDoNotMeet() {
    try (Regions others = Regions.open(device);
        RegionScope theirs = others.scope(tag("theirs"));
        RegionScope ours = regions.scope(tag("ours"))) {
      assertEquals("ours", ours.settings().tag().orElseThrow());
      assertEquals("theirs", theirs.settings().tag().orElseThrow());
      assertEquals("ours", open().tag());
      try (Region region = others.openRegion(SIZE)) {
        assertEquals("theirs", region.tag());
      }
    }
  }

  @Test
  void withoutADeviceNothingIsOpened() {
    try (Regions nowhere = Regions.open(RegionSettings.none(), 0)) {
      assertThrows(IllegalArgumentException.class, () -> nowhere.openRegion(SIZE));
    }
  }
}
