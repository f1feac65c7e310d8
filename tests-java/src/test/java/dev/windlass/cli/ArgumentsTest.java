package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
  private static Arguments parse(String... words) {
    return Arguments.parse(List.of(words), Set.of("--json"), Set.of("--size"));
  }

  private static String complaint(String... words) {
    String message = assertThrows(UsageException.class, () -> parse(words)).getMessage();
    return String.valueOf(message);
  }

  @Test
  void aValueMayFollowItsOptionOrAnEqualsSign() {
    assertEquals(Optional.of("1G"), parse("--size", "1G").value("--size"));
    assertEquals(Optional.of("1G"), parse("--size=1G").value("--size"));
    assertEquals(Optional.empty(), parse().value("--size"));
  }

  @Test
  void someOptionsMayBeGivenSeveralTimes() {
    Arguments parsed =
        Arguments.parse(
            List.of("--factor", "a=1", "--factor=b=2"), Set.of(), Set.of(), Set.of("--factor"));
    assertEquals(List.of("a=1", "b=2"), parsed.values("--factor"));
    assertEquals(List.of(), parsed.values("--size"));
  }

  @Test
  void aFlagIsThereOrNot() {
    assertTrue(parse("--json").has("--json"));
    assertFalse(parse("--size", "--json").has("--json"));
  }

  @Test
  void anOptionWithoutItsValueIsRefused() {
    assertEquals("--size needs a value", complaint("--size"));
  }

  @Test
  void anOptionGivenTwiceIsRefused() {
    assertEquals("--size is given twice", complaint("--size=1", "--size", "2"));
  }

  @Test
  void aFlagWithAValueIsRefused() {
    assertEquals("--json takes no value", complaint("--json=yes"));
  }

  @Test
  void anUnknownWordIsRefusedAndTheNearestOneNamed() {
    assertEquals(
        "\"--sise=3\" is not something it takes; did you mean --size?", complaint("--sise=3"));
    assertEquals("\"everything\" is not something it takes", complaint("everything"));
  }
}
