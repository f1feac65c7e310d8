package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GivenFactorsTest {
  @Test
  void factorsAreSeparatedByCommasOrLineEnds() {
    assertEquals(Map.of(), GivenFactors.parse(" "));
    assertEquals(Map.of("model", "a/b", "rank", "0"), GivenFactors.parse("model=a/b, rank = 0 ,"));
    assertEquals(
        Map.of("device_name", "A, and B", "flags", "x=y"),
        GivenFactors.parse("device_name=A, and B\nflags=x=y\n"));
    assertEquals(Map.of("driver_version", ""), GivenFactors.parse("driver_version="));
  }

  @Test
  void whatIsNoFactorIsRefused() {
    for (String text : List.of("model", "=value", "a=1,a=2")) {
      assertThrows(CacheValidationException.class, () -> GivenFactors.parse(text), text);
    }
  }
}
