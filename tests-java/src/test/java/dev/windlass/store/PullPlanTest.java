package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pulling the same values again and again. */
@Timeout(120)
class PullPlanTest {
  private static final Shape SHAPE = Shape.of(640, 320);

  private static StateDict dict(long seed) {
    return StateDict.of(
        Map.of(
            "a", Stores.random(DType.BF16, SHAPE, seed),
            "b", Stores.random(DType.F32, SHAPE, seed + 1)));
  }

  private static void assertSame(StateDict expected, StateDict actual) {
    expected
        .tensors()
        .forEach(
            (way, tensor) -> assertTrue(tensor.hasSameContent(actual.tensors().get(way)), way));
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aPlanIsMadeOnceForAsLongAsTheLayoutStays(Way way) {
    StateDict source = dict(1);
    StateDict target = dict(100);
    try (Stores stores = Stores.open(way);
        PullPlan plan = stores.store.plan("model", target)) {
      try (Offer offer = stores.volume.offer("model", source)) {
        PullReport first = plan.pull();
        assertEquals(2, first.planned());
        assertEquals(0, first.reused());
        assertSame(source, target);
        long version = offer.update(() -> source.tensors().get("a").data().fill((byte) 5));
        PullReport second = plan.pull();
        assertEquals(0, second.planned());
        assertEquals(2, second.reused());
        assertEquals(version, second.version());
        assertEquals(source.sizeBytes(), second.bytes());
        assertSame(source, target);
      }
      try (Offer another = stores.volume.offer("model", source)) {
        assertEquals(2, plan.pull().planned(), "of another offer");
        assertEquals(OfferState.OFFERED, another.info().state());
      }
      stores.store.putStateDict("model", source);
      assertEquals(2, plan.pull().planned(), "of the volume");
      stores.store.putStateDict("model", dict(7));
      assertEquals(2, plan.pull().reused(), "of the volume again");
      assertSame(dict(7), target);
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void partsAndBytesArePulledToo(Way way) {
    Tensor whole = Stores.random(DType.F32, SHAPE, 3);
    Tensor part = Tensor.allocate(DType.F32, Shape.of(10, 5));
    MemorySegment bytes = Arena.ofAuto().allocate(4);
    try (Stores stores = Stores.open(way);
        PullPlan plan =
            stores.store.plan(
                List.of(
                    PullItem.of("whole", new long[] {50, 20}, part),
                    PullItem.of("bytes", bytes)))) {
      assertEquals(Status.NOT_FOUND, assertThrows(WindlassException.class, plan::pull).status());
      stores.store.put("whole", whole);
      stores.store.putBytes("bytes", new byte[] {1, 2, 3, 4});
      assertEquals(2, plan.pull().planned());
      assertTrue(
          part.hasSameContent(
              whole.copyOfPart(Arena.ofAuto(), new long[] {50, 20}, Shape.of(10, 5))));
      assertEquals(4, bytes.get(ValueLayout.JAVA_BYTE, 3));
    }
  }

  @Test
  void aValueThatIsNotWhatItsTargetIsIsRefused() {
    Tensor target = Tensor.allocate(DType.F32, SHAPE);
    try (Stores stores = Stores.open(Way.LOCAL);
        PullPlan plan = stores.store.plan(List.of(PullItem.of("a", target)))) {
      stores.store.put("a", Stores.random(DType.BF16, SHAPE, 1));
      assertEquals(Status.MISMATCH, assertThrows(WindlassException.class, plan::pull).status());
      stores.store.put("a", Stores.random(DType.F32, Shape.of(3), 1));
      assertEquals(Status.MISMATCH, assertThrows(WindlassException.class, plan::pull).status());
    }
  }

  @Test
  void aPlanThatIsClosedPullsNothing() {
    try (Stores stores = Stores.open(Way.LOCAL)) {
      PullPlan plan =
          stores.store.plan(List.of(PullItem.of("a", Tensor.allocate(DType.F32, SHAPE))));
      plan.close();
      assertEquals(Status.STALE_HANDLE, assertThrows(WindlassException.class, plan::pull).status());
    }
  }

  @Test
  void aTargetThatHasEndedIsNoticed() {
    try (Stores stores = Stores.open(Way.LOCAL)) {
      PullPlan plan;
      try (Arena arena = Arena.ofConfined()) {
        Tensor target = Tensor.allocate(arena, DType.F32, SHAPE);
        plan = stores.store.plan(List.of(PullItem.of("a", target)));
      }
      try (plan) {
        assertThrows(IllegalStateException.class, plan::pull);
      }
    }
  }
}
