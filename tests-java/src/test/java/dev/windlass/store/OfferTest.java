package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.memory.Backup;
import dev.windlass.memory.Device;
import dev.windlass.memory.Region;
import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import dev.windlass.tensor.TensorSlice;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Memory that is offered, and every way to get it. */
@Timeout(120)
class OfferTest {
  private static final Shape SHAPE = Shape.of(600, 400);

  private static Tensor weight(int step) {
    Tensor tensor = Tensor.allocate(DType.U8, SHAPE);
    tensor.data().fill((byte) step);
    return tensor;
  }

  private static void assertStep(int step, Tensor tensor) {
    assertTrue(tensor.hasSameContent(weight(step)), () -> tensor + " is not all of step " + step);
  }

  private static Status statusOf(Runnable call) {
    return assertThrows(WindlassException.class, call::run).status();
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aTensorThatIsOfferedIsGotInEveryWay(Way way) {
    Tensor tensor = weight(1);
    try (Stores stores = Stores.open(way);
        Offer offer = stores.volume.offer("weight", tensor)) {
      assertStep(1, stores.store.get("weight"));
      Tensor target = weight(0);
      stores.store.getInto("weight", target);
      assertStep(1, target);
      try (Leased leased = stores.store.lease("weight")) {
        assertFalse(leased.isZeroCopy());
        assertStep(1, leased.tensor());
      }
      Tensor part = stores.store.getSlice("weight", new long[] {10, 20}, Shape.of(5, 6));
      assertEquals(1, part.getLong(4, 5));
      assertEquals(0, stores.volume.info().usedBytes());
      assertEquals(OfferState.OFFERED, offer.info().state());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void anUpdateIsWhatReadersGetNext(Way way) {
    Tensor tensor = weight(1);
    try (Stores stores = Stores.open(way);
        Offer offer = stores.volume.offer("weight", tensor)) {
      long first = offer.info().version();
      long second = offer.update(() -> tensor.data().fill((byte) 2));
      assertTrue(second > first);
      assertStep(2, stores.store.get("weight"));
      assertEquals(second, stores.store.describe("weight").orElseThrow().version());
      assertThrows(
          IllegalStateException.class,
          () ->
              offer.update(
                  () -> {
                    throw new IllegalStateException("the step failed");
                  }));
      assertEquals(OfferState.UPDATING, offer.info().state());
      offer.update(() -> tensor.data().fill((byte) 3));
      assertStep(3, stores.store.get("weight"));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aStateDictThatIsOfferedIsGotAsOneThatWasPut(Way way) {
    Tensor weight = weight(1);
    Tensor bias = weight(1);
    StateDict dict = StateDict.of(Map.of("layer", Map.of("weight", weight, "bias", bias), "n", 7));
    try (Stores stores = Stores.open(way);
        Offer offer = stores.volume.offer("model", dict)) {
      try (ReceivedStateDict got = stores.store.getStateDict("model")) {
        assertEquals(dict.mapping(), got.dict().mapping());
        assertStep(1, got.dict().tensors().get("layer/weight"));
      }
      offer.update(
          () -> {
            weight.data().fill((byte) 2);
            bias.data().fill((byte) 2);
          });
      StateDict target =
          StateDict.of(Map.of("layer", Map.of("weight", weight(0), "bias", weight(0)), "n", 7));
      stores.store.getStateDictInto("model", target, StateDictOptions.usual());
      assertStep(2, target.tensors().get("layer/weight"));
      assertStep(2, target.tensors().get("layer/bias"));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void slicesThatAreOfferedAreOneTensor(Way way) {
    Shape half = Shape.of(300, 400);
    Shape mesh = Shape.of(2);
    Tensor upper = Tensor.allocate(DType.U8, half);
    Tensor lower = Tensor.allocate(DType.U8, half);
    upper.data().fill((byte) 1);
    lower.data().fill((byte) 2);
    TensorSlice first = TensorSlice.of(new long[] {0, 0}, new long[] {0}, SHAPE, half, mesh);
    TensorSlice second = TensorSlice.of(new long[] {300, 0}, new long[] {1}, SHAPE, half, mesh);
    OfferOptions usual = OfferOptions.usual();
    try (Stores stores = Stores.open(way);
        Offer one = stores.volume.offer(List.of(PutItem.of("w", upper, first)), usual)) {
      assertEquals(Status.INCOMPLETE, statusOf(() -> stores.store.get("w")));
      try (Offer two = stores.volume.offer(List.of(PutItem.of("w", lower, second)), usual)) {
        Tensor got = stores.store.getSlice("w", new long[] {299, 0}, Shape.of(2, 400));
        assertEquals(1, got.getLong(0, 7));
        assertEquals(2, got.getLong(1, 7));
        assertTrue(two.info().version() > one.info().version());
      }
    }
  }

  @Test
  void aReaderIsWaitedForOrTurnedAway() {
    Tensor tensor = weight(1);
    try (Stores stores = Stores.open(Way.SHM);
        Offer offer = stores.volume.offer("weight", tensor);
        Fetch held = Fetch.of(stores.store, List.of("weight"))) {
      Runnable step = () -> tensor.data().fill((byte) 2);
      assertEquals(Status.TIMEOUT, statusOf(() -> offer.update(Duration.ofMillis(1), false, step)));
      assertEquals(1, offer.info().readers());
      offer.update(Duration.ZERO, true, step);
      Tensor target = weight(0);
      assertEquals(
          Status.STATE,
          statusOf(
              () -> held.read(List.of(new Fetch.Target(held.found().getFirst(), target.data())))));
      assertEquals(1, offer.info().takenBack());
      assertStep(2, stores.store.get("weight"));
    }
  }

  @Test
  void aRegionThatIsPausedIsOfferedAgainOnceItIsPublished() {
    try (Device device = Device.emulated();
        Region region = Region.open(device, 1 << 20, Backup.pageable());
        Stores stores = Stores.open(Way.SHM)) {
      Tensor tensor = Tensor.of(DType.U8, SHAPE, region.segment().asSlice(0, SHAPE.elements()));
      tensor.data().fill((byte) 1);
      try (Offer offer =
          stores.volume.offer(
              List.of(PutItem.of("weight", tensor)),
              OfferOptions.usual().within(region).withPauseTimeout(Duration.ZERO))) {
        try (Fetch held = Fetch.of(stores.store, List.of("weight"))) {
          assertEquals(1, held.found().size());
          assertThrows(WindlassException.class, region::pause);
        }
        assertStep(1, stores.store.get("weight"));
        pauseOnceReadersHaveLetGo(region);
        assertEquals(OfferState.STALE, offer.info().state());
        assertEquals(Status.STATE, statusOf(offer::publish));
        region.resume();
        offer.publish();
        assertStep(1, stores.store.get("weight"));
      }
    }
  }

  /** Letting go is told to the volume without waiting for an answer. */
  private static void pauseOnceReadersHaveLetGo(Region region) {
    while (true) {
      try {
        region.pause();
        return;
      } catch (WindlassException stillRead) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void memoryOfTheHeapIsNotOffered() {
    try (Stores stores = Stores.open(Way.LOCAL)) {
      MemorySegment heap = MemorySegment.ofArray(new byte[10]);
      assertThrows(
          IllegalArgumentException.class,
          () -> stores.volume.offer(List.of(PutItem.of("a", heap)), OfferOptions.usual()));
    }
  }

  @Test
  void whatIsClosedIsGone() {
    try (Stores stores = Stores.open(Way.SHM)) {
      Offer offer = stores.volume.offer("weight", weight(1));
      offer.close();
      offer.close();
      assertFalse(stores.store.exists("weight"));
      assertEquals(Status.STALE_HANDLE, statusOf(offer::publish));
    }
  }
}
