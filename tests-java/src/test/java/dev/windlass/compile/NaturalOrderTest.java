package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class NaturalOrderTest {
  @Test
  void numbersCompareByTheirValueAndTheRestAsText() {
    List<String> ordered =
        List.of("", "2.3", "2.3.0", "2.9", "2.10", "2.10rc1", "python3.9", "python3.010a");
    for (int left = 0; left < ordered.size(); left++) {
      for (int right = 0; right < ordered.size(); right++) {
        assertEquals(
            Integer.signum(Integer.compare(left, right)),
            Integer.signum(NaturalOrder.compare(ordered.get(left), ordered.get(right))),
            ordered.get(left) + " and " + ordered.get(right));
      }
    }
  }

  @Test
  void numbersThatNoIntegerHoldsCompareToo() {
    assertTrue(NaturalOrder.compare("1.99999999999999999999", "1.100000000000000000000") < 0);
  }
}
