package dev.windlass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StateDictTest {
  private static final Tensor WEIGHT = Tensor.of(Shape.of(2), 1f, 2f);
  private static final Tensor BIAS = Tensor.of(Shape.of(1), 3f);

  private static Map<String, Object> nested() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("layer1.weight", WEIGHT);
    value.put("layers", List.of(Map.of("bias", BIAS), List.of(WEIGHT)));
    value.put("optimizer", Map.of("step", 7L, "name", "adam", "state", new byte[] {1, 2}));
    value.put("none", null);
    return value;
  }

  /** The value as it comes back, with the leaves of the state dict itself. */
  private static Object rebuilt(StateDict dict) {
    return dict.mapping()
        .rebuild(
            (key, kind) ->
                kind == Mapping.Kind.TENSOR ? dict.tensors().get(key) : dict.bytes().get(key));
  }

  @Test
  void leavesHaveTheWayToThemAsKeys() {
    StateDict dict = StateDict.of(nested());
    assertEquals(
        List.of("layer1.weight", "layers/0/bias", "layers/1/0"),
        List.copyOf(dict.tensors().keySet()));
    assertEquals(Set.of("optimizer/state"), dict.bytes().keySet());
    assertSame(BIAS, dict.tensors().get("layers/0/bias"));
    assertEquals(8 + 4 + 8 + 2, dict.sizeBytes());
    assertTrue(dict.mapping().isMap());
    assertEquals(4, dict.mapping().entries().size());
  }

  @Test
  void theNestedValueComesBack() {
    Map<?, ?> back = assertInstanceOf(Map.class, rebuilt(StateDict.of(nested())));
    assertEquals(
        List.of("layer1.weight", "layers", "optimizer", "none"), List.copyOf(back.keySet()));
    assertSame(WEIGHT, back.get("layer1.weight"));
    assertEquals(List.of(Map.of("bias", BIAS), List.of(WEIGHT)), back.get("layers"));
    Map<?, ?> optimizer = assertInstanceOf(Map.class, back.get("optimizer"));
    assertEquals(7L, optimizer.get("step"));
    assertEquals("adam", optimizer.get("name"));
    assertTrue(back.containsKey("none"));
  }

  @Test
  void plainValuesKeepTheirClasses() {
    List<Object> values =
        Arrays.asList(1, 1L, 1.0, 1f, true, false, null, "", "ä\0😀", Double.NaN, -0.0, "MAPPING");
    StateDict dict = StateDict.of(values);
    assertEquals(values, rebuilt(dict));
    assertTrue(dict.tensors().isEmpty());
    assertEquals(values, Mapping.decode(dict.mapping().encode(), "m").rebuild((key, kind) -> key));
  }

  @Test
  void emptyMapsAndListsAreKept() {
    Map<String, Object> value = Map.of("a", Map.of(), "b", List.of());
    assertEquals(value, rebuilt(StateDict.of(value)));
    assertEquals(Map.of(), rebuilt(StateDict.of(Map.of())));
    assertEquals(List.of(), rebuilt(StateDict.of(List.of())));
  }

  @Test
  void oddKeysAreKeptApart() {
    Map<String, Object> value = new LinkedHashMap<>();
    List<String> odd =
        List.of(
            "", "~", "/", "~1", "~2", "a/b", "MAPPING", "~MAPPING", "\0", "0", " ", "a~0/", "😀");
    odd.forEach(key -> value.put(key, Tensor.of(Shape.scalar(), odd.indexOf(key))));
    Map<String, Object> below = new LinkedHashMap<>();
    below.put("b", BIAS);
    below.put("", Map.of("", WEIGHT));
    value.put("a", below);
    StateDict dict = StateDict.of(value);
    assertEquals(odd.size() + 2, dict.tensors().size());
    assertEquals(
        List.of(
            "~2",
            "~0",
            "~1",
            "~01",
            "~02",
            "a~1b",
            "~MAPPING",
            "~0MAPPING",
            "~3",
            "0",
            " ",
            "a~00~1",
            "😀",
            "a/b",
            "a/~2/~2"),
        List.copyOf(dict.tensors().keySet()));
    assertEquals(value, rebuilt(dict));
  }

  @Test
  void whatIsWrittenToAByteStringIsInItsArray() {
    byte[] array = {1, 2};
    StateDict.of(Map.of("a", array)).bytes().get("a").set(ValueLayout.JAVA_BYTE, 1, (byte) 9);
    assertEquals(9, array[1]);
    MemorySegment segment = Arena.ofAuto().allocate(3);
    assertSame(segment, StateDict.of(List.of(segment)).bytes().get("0"));
  }

  @Test
  void whatCannotBeKeptIsRefusedWithItsPlace() {
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class,
            () -> StateDict.of(Map.of("a", List.of(1, new int[1]))));
    assertTrue(wrong.getMessage().contains("a/1"), wrong.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> StateDict.of(List.of(Map.of(1, "number as key"))));
    assertThrows(
        IllegalArgumentException.class,
        () -> StateDict.of(Collections.singletonMap((String) null, "null as key")));
    assertThrows(IllegalArgumentException.class, () -> StateDict.of(Map.of("\uD800", 1)));
    assertThrows(IllegalArgumentException.class, () -> StateDict.of(List.of("\uDC00")));
    assertThrows(
        IllegalArgumentException.class, () -> StateDict.of(Map.of("ä".repeat(2049), WEIGHT)));
    assertEquals(1, StateDict.of(Map.of("ä".repeat(2048), WEIGHT)).tensors().size());
  }

  @Test
  void nestingHasALimitAndAValueThatContainsItselfIsRefused() {
    List<Object> value = new ArrayList<>();
    for (int depth = 1; depth < StateDict.MAX_DEPTH; depth++) {
      value = new ArrayList<>(List.of(value));
    }
    assertEquals(value, rebuilt(StateDict.of(value)));
    List<Object> tooDeep = List.of(value);
    assertThrows(IllegalArgumentException.class, () -> StateDict.of(tooDeep));
    Map<String, Object> circle = new HashMap<>();
    circle.put("self", circle);
    assertThrows(IllegalArgumentException.class, () -> StateDict.of(circle));
    assertThrows(
        IllegalArgumentException.class,
        () -> StateDict.of(Collections.nCopies(StateDictBudget.MAX_NODES, 1)));
  }

  private static String refusal(StateDict target, Map<String, ?> stored, boolean strict) {
    Mapping mapping = StateDict.of(stored).mapping();
    WindlassException refused =
        assertThrows(WindlassException.class, () -> target.checkReceives(mapping, strict));
    assertEquals(Status.MISMATCH, refused.status());
    return refused.getMessage();
  }

  @Test
  void aTargetReceivesWhatIsStoredUnderItsKeys() {
    StateDict target = StateDict.of(Map.of("a", WEIGHT, "list", List.of(BIAS), "step", 1));
    Map<String, Object> same = Map.of("list", List.of(WEIGHT), "step", 2L, "a", BIAS);
    target.checkReceives(StateDict.of(same).mapping(), true);
    Map<String, Object> more = new HashMap<>(same);
    more.put("b", BIAS);
    target.checkReceives(StateDict.of(more).mapping(), false);
    assertTrue(refusal(target, more, true).contains("b is stored"));
    assertTrue(refusal(target, Map.of("a", BIAS), false).contains("list/0"));
    assertTrue(
        refusal(target, Map.of("a", new byte[1], "list", List.of(BIAS)), false).contains("BYTES"));
    // The same keys in another structure are the same for reading, not for strict reading.
    Map<String, Object> map = Map.of("list", Map.of("0", BIAS), "step", 2L, "a", BIAS);
    target.checkReceives(StateDict.of(map).mapping(), false);
    assertTrue(refusal(target, map, true).contains("list is stored as a map"));
    Map<String, Object> longer = Map.of("list", List.of(BIAS, BIAS), "step", 2, "a", BIAS);
    target.checkReceives(StateDict.of(longer).mapping(), false);
    assertTrue(refusal(target, longer, true).contains("2 members"));
    Map<String, Object> without = Map.of("list", List.of(BIAS), "a", BIAS);
    target.checkReceives(StateDict.of(without).mapping(), false);
    assertTrue(refusal(target, without, true).contains("step"));
  }
}
