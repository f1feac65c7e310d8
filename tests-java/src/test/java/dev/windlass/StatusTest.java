package dev.windlass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.windlass.bindings.WindlassAbi;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatusTest {
  @Test
  void theConstantsAreThoseOfTheCInterface() throws ReflectiveOperationException {
    Map<String, Integer> inC = new TreeMap<>();
    for (Method method : WindlassAbi.class.getMethods()) {
      if (method.getName().startsWith("WL_STATUS_")) {
        inC.put(method.getName().substring("WL_STATUS_".length()), (Integer) method.invoke(null));
      }
    }
    Map<String, Integer> inJava =
        Arrays.stream(Status.values()).collect(Collectors.toMap(Status::name, Status::code));
    assertEquals(inC, new TreeMap<>(inJava));
  }

  @ParameterizedTest
  @EnumSource
  void theLibraryHasTheSameNameAndMeaning(Status status) {
    Function<Status, String> name = s -> WindlassAbi.wl_status_name(s.code()).getString(0);
    Function<Status, String> meaning = s -> WindlassAbi.wl_status_meaning(s.code()).getString(0);
    assertEquals(name.apply(status), status.name());
    assertEquals(meaning.apply(status), status.meaning());
    assertEquals(status, Status.of(status.code()));
  }

  @Test
  void aNumberThatIsNoStatusIsRefused() {
    int past = Status.values().length;
    assertThrows(IllegalArgumentException.class, () -> Status.of(past));
    assertThrows(IllegalArgumentException.class, () -> Status.of(-1));
  }
}
