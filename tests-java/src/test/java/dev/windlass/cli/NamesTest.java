package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NamesTest {
  private static final List<String> COMMANDS = List.of("demo", "doctor", "version");

  @Test
  void theDistanceCountsLettersPutInLeftOutAndReplaced() {
    assertEquals(0, Names.distance("demo", "demo"));
    assertEquals(1, Names.distance("demo", "demon"));
    assertEquals(1, Names.distance("demo", "dmo"));
    assertEquals(1, Names.distance("demo", "dema"));
    assertEquals(4, Names.distance("", "demo"));
  }

  @Test
  void aSlipOfTheFingerFindsTheNameThatWasMeant() {
    assertEquals(Optional.of("doctor"), Names.nearest("docter", COMMANDS));
    assertEquals(Optional.of("version"), Names.nearest("verion", COMMANDS));
  }

  @Test
  void aWordThatIsLikeNoneFindsNone() {
    assertEquals(Optional.empty(), Names.nearest("harvest", COMMANDS));
    assertEquals(Optional.empty(), Names.nearest("", COMMANDS));
  }
}
