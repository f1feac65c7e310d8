package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Stores.Setting;
import dev.windlass.store.Stores.Way;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** State dicts: nested values that are published and read as one. */
class StateDictTest {
  private static final StateDictOptions USUAL = StateDictOptions.usual();

  private static Map<String, Object> nested(long seed) {
    Map<String, Object> optimizer = new LinkedHashMap<>();
    optimizer.put("step", seed);
    optimizer.put("name", "adam");
    optimizer.put(
        "moments",
        List.of(
            Stores.numbers(Shape.of(8, 3), seed + 2), Stores.numbers(Shape.of(8, 3), seed + 3)));
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("model", Map.of("w/eight", Stores.numbers(Shape.of(64, 32), seed)));
    value.put("optimizer", optimizer);
    value.put("tokens", Stores.random(DType.I64, Shape.of(9), seed + 4));
    value.put("blob", new byte[] {1, 2, (byte) seed});
    return value;
  }

  private static void assertSame(StateDict expected, StateDict actual) {
    assertEquals(expected.mapping(), actual.mapping());
    expected
        .tensors()
        .forEach((way, tensor) -> assertTrue(tensor.hasSameContent(tensor(actual, way)), way));
    expected
        .bytes()
        .forEach(
            (way, bytes) -> {
              assertTrue(actual.bytes().containsKey(way), way);
              assertEquals(-1, bytes.mismatch(actual.bytes().get(way)), way);
            });
  }

  private static Tensor tensor(StateDict dict, String way) {
    Tensor tensor = dict.tensors().get(way);
    if (tensor == null) {
      throw new AssertionError(way + " is not there");
    }
    return tensor;
  }

  private static void assertStatus(Status status, String named, Runnable call) {
    WindlassException thrown = assertThrows(WindlassException.class, call::run);
    assertEquals(status, thrown.status(), thrown.getMessage());
    assertTrue(String.valueOf(thrown.getMessage()).contains(named), thrown.getMessage());
  }

  @ParameterizedTest
  @MethodSource("dev.windlass.store.Stores$Setting#all")
  void whatWasNestedComesBackNested(Setting setting) {
    try (Stores stores = Stores.open(setting.way());
        TransportBufferCache cache = new TransportBufferCache()) {
      for (int seed = 0; seed < 3; seed++) {
        StateDict dict = StateDict.of(nested(seed));
        StateDictReport put =
            setting.cached()
                ? stores.store.putStateDict("dict", dict, cache)
                : stores.store.putStateDict("dict", dict);
        assertEquals(4, put.tensors());
        assertTrue(put.bytes() >= dict.sizeBytes());
        try (ReceivedStateDict got =
            setting.cached()
                ? stores.store.getStateDict("dict", cache)
                : stores.store.getStateDict("dict")) {
          assertSame(dict, got.dict());
          assertEquals(put.version(), got.version());
        }
      }
      StateDict list = StateDict.of(List.of(Tensor.of(Shape.scalar(), 1f), "x"));
      stores.store.putStateDict("list", list);
      assertSame(list, stores.store.getStateDict("list").dict());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void keysThatANewVersionHasNoMoreAreGoneInTheSameInstant(Way way) {
    try (Stores stores = Stores.open(way)) {
      TensorStore store = stores.store;
      Tensor value = Stores.numbers(Shape.of(3), 1);
      store.putStateDict("dict", StateDict.of(Map.of("a", value, "b", value)));
      store.putBytes("dict/other", new byte[1]);
      store.putStateDict("dict", StateDict.of(Map.of("b", value, "c", value)));
      assertEquals(
          List.of("dict/MAPPING", "dict/b", "dict/c", "dict/other"),
          store.keysUnder("dict").toList());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aMissingMarkerNamesTheKey(Way way) {
    try (Stores stores = Stores.open(way)) {
      assertStatus(Status.NOT_FOUND, "\"dict\"", () -> stores.store.getStateDict("dict"));
      stores.store.putStateDict("dict", StateDict.of(nested(1)));
      stores.store.delete("dict/MAPPING");
      assertStatus(Status.NOT_FOUND, "dict/MAPPING", () -> stores.store.getStateDict("dict"));
      stores.store.putStateDict("dict", StateDict.of(nested(1)));
      stores.store.delete("dict/tokens");
      assertStatus(Status.NOT_FOUND, "dict/tokens", () -> stores.store.getStateDict("dict"));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void floatingTensorsAreCastOnTheWayAndOthersAreNot(Way way) {
    try (Stores stores = Stores.open(way)) {
      StateDict dict = StateDict.of(nested(1));
      StateDictOptions half = USUAL.withDtype(DType.BF16);
      stores.store.putStateDict("dict", dict, half);
      StateDict stored = stores.store.getStateDict("dict").dict();
      Tensor weight = tensor(dict, "model/w~1eight");
      Tensor cast = weight.cast(Arena.ofAuto(), DType.BF16);
      assertTrue(cast.hasSameContent(tensor(stored, "model/w~1eight")));
      assertEquals(DType.I64, tensor(stored, "tokens").dtype());
      StateDict wide = stores.store.getStateDict("dict", USUAL.withDtype(DType.F64)).dict();
      assertTrue(
          cast.cast(Arena.ofAuto(), DType.F64).hasSameContent(tensor(wide, "model/w~1eight")));
      assertThrows(IllegalArgumentException.class, () -> USUAL.withDtype(DType.I32));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void inPlaceTheDictIsCheckedBeforeAnythingIsOverwritten(Way way) {
    try (Stores stores = Stores.open(way)) {
      TensorStore store = stores.store;
      StateDict dict = StateDict.of(nested(1));
      StateDict target = StateDict.of(nested(2));
      store.putStateDict("dict", dict);
      store.getStateDictInto("dict", target, USUAL);
      dict.tensors()
          .forEach((key, tensor) -> assertTrue(tensor.hasSameContent(tensor(target, key)), key));
      assertEquals(1, target.bytes().get("blob").get(ValueLayout.JAVA_BYTE, 2));

      Tensor tokens = Tensor.allocate(DType.I64, Shape.of(9));
      StateDict part = StateDict.of(Map.of("tokens", tokens));
      assertStatus(Status.MISMATCH, "", () -> store.getStateDictInto("dict", part, USUAL));
      assertEquals(0, tokens.getLong(0));
      store.getStateDictInto("dict", part, USUAL.withStrict(false));
      assertTrue(tensor(dict, "tokens").hasSameContent(tokens));

      Tensor half = Tensor.allocate(DType.F16, Shape.of(64, 32));
      StateDict other = StateDict.of(Map.of("model", Map.of("w/eight", half)));
      StateDictOptions some = USUAL.withStrict(false);
      assertStatus(Status.MISMATCH, "eight", () -> store.getStateDictInto("dict", other, some));
      store.getStateDictInto("dict", other, some.withDtype(DType.F16));
      assertTrue(
          tensor(dict, "model/w~1eight").cast(Arena.ofAuto(), DType.F16).hasSameContent(half));
    }
  }

  /**
   * Goal: a reader has all of one version, whoever publishes meanwhile, also when keys come and go.
   *
   * <p>Method: writers publish dicts whose tensors are all filled with one number, under more keys
   * or fewer; readers look that each dict that they get has one number only.
   */
  @ParameterizedTest
  @EnumSource(Way.class)
  void aReaderNeverMixesTwoVersions(Way way) throws Exception {
    int writers = 2;
    int versions = 60;
    try (Stores stores = Stores.open(way);
        ExecutorService executor = Executors.newCachedThreadPool()) {
      stores.store.putStateDict("dict", Versions.dict(0));
      AtomicBoolean done = new AtomicBoolean();
      List<Future<?>> reading = new ArrayList<>();
      for (int reader = 0; reader < 2; reader++) {
        reading.add(
            executor.submit(
                () -> {
                  try (TensorStore store = stores.another();
                      TransportBufferCache cache = new TransportBufferCache()) {
                    while (!done.get()) {
                      Versions.requireOne(store.getStateDict("dict").dict());
                      try (ReceivedStateDict got = store.getStateDict("dict", cache)) {
                        Versions.requireOne(got.dict());
                      }
                    }
                  }
                  return null;
                }));
      }
      List<Future<?>> writing = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        int first = writer;
        writing.add(
            executor.submit(
                () -> {
                  try (TensorStore store = stores.another();
                      TransportBufferCache cache = new TransportBufferCache()) {
                    for (int version = first; version < versions; version += writers) {
                      store.putStateDict("dict", Versions.dict(version), cache);
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> each : writing) {
        each.get();
      }
      done.set(true);
      for (Future<?> each : reading) {
        each.get();
      }
      StateDict last = stores.store.getStateDict("dict").dict();
      List<String> expected =
          new ArrayList<>(last.tensors().keySet().stream().map(way2 -> "dict/" + way2).toList());
      expected.add("dict/MAPPING");
      assertEquals(expected.stream().sorted().toList(), stores.store.keysUnder("dict").toList());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void theReportHasItsPhases(Way way) {
    try (Stores stores = Stores.open(way)) {
      StateDictReport put = stores.store.putStateDict("dict", StateDict.of(nested(1)));
      assertEquals(
          List.of("read the marker", "prepare", "move", "commit"),
          put.phases().stream().map(StateDictReport.Phase::name).toList());
      StateDictReport got = stores.store.getStateDict("dict").report();
      assertEquals(put.version(), got.version());
      assertEquals(1, got.attempts());
      assertTrue(got.totalNs() > 0);
      assertFalse(got.phases().isEmpty());
    }
  }
}
