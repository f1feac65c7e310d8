package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CacheKeyTest {
  private static final CacheKey GPU = CacheKey.gpu("NVIDIA GeForce RTX 4090", "12.1");
  private static final CacheKey CPU = CacheKey.cpu("x86_64", "Linux");

  /** The digits come from Python's hashlib and json over the factors of B10 Transfer. */
  @Test
  void theOriginalsNamesAreDerivedAsTheOriginalDoes() {
    assertEquals("139794d44399228e", GPU.asOriginal().name());
    assertEquals("436c59e667a63097", CPU.asOriginal().name());
    assertEquals(Optional.of("139794d44399228e"), GPU.originalName());
    assertEquals(Optional.empty(), CacheKey.wide(Map.of("model", "m")).originalName());
  }

  @Test
  void aNameTellsWhatItIsForAndEndsWithAHash() {
    assertTrue(GPU.name().matches("nvidia-geforce-rtx-4090-cuda12\\.1-[0-9a-f]{16}"), GPU.name());
    assertTrue(CPU.name().matches("x86_64-linux-[0-9a-f]{16}"), CPU.name());
    CacheKey model = CacheKey.wide(Map.of("model", "meta-llama/Llama-3 8B", "torch", "2.5"));
    assertTrue(model.name().matches("meta-llama-llama-3-8b-[0-9a-f]{16}"), model.name());
    assertTrue(CacheKey.wide(Map.of("torch", "2.5")).name().matches("key-[0-9a-f]{16}"));
  }

  @Test
  void anyFactorMakesAnotherName() {
    Map<String, String> factors = Map.of("model", "m", "torch", "2.5");
    String name = CacheKey.wide(factors).name();
    assertEquals(name, CacheKey.wide(Map.of("torch", "2.5", "model", "m")).name());
    assertNotEquals(name, CacheKey.wide(Map.of("model", "m", "torch", "2.6")).name());
    assertNotEquals(name, CacheKey.wide(Map.of("model", "m")).name());
    assertNotEquals(name, CacheKey.wide(Map.of("model", "m", "triton", "2.5")).name());
    assertNotEquals(GPU.name(), CacheKey.wide(GPU.factors()).name());
  }

  @Test
  void whatLooksTheSameInANameIsToldApartByTheHash() {
    assertNotEquals(
        CacheKey.wide(Map.of("model", "a/b")).name(), CacheKey.wide(Map.of("model", "a b")).name());
    assertNotEquals(
        CacheKey.wide(Map.of("model", "A")).name(), CacheKey.wide(Map.of("model", "a")).name());
  }

  @Test
  void aNameFitsAFileName() {
    String name = CacheKey.wide(Map.of("model", "../../" + "x".repeat(500))).name();
    assertTrue(name.matches("[a-z0-9._-]{1,90}"), name);
    assertTrue(!name.startsWith("."), name);
  }

  @Test
  void factorsThatNoKeyCanHaveAreRefused() {
    assertThrows(CacheValidationException.class, () -> CacheKey.wide(Map.of()));
    for (String name : List.of("", "Upper", "with blank", "1st", "a/b")) {
      assertThrows(CacheValidationException.class, () -> CacheKey.wide(Map.of(name, "value")));
    }
    for (String value : List.of("", " ", "a\nb", "x".repeat(513))) {
      assertThrows(CacheValidationException.class, () -> CacheKey.wide(Map.of("name", value)));
    }
    CacheKey wide = CacheKey.wide(Map.of("model", "m"));
    assertThrows(CacheValidationException.class, wide::asOriginal);
  }

  @Test
  void differencesTellBothSides() {
    CacheKey key = CacheKey.wide(Map.of("model", "m", "torch", "2.5", "rank", "0"));
    assertEquals(
        List.of(
            new FactorDifference("driver", Optional.empty(), Optional.of("550")),
            new FactorDifference("rank", Optional.of("0"), Optional.empty()),
            new FactorDifference("torch", Optional.of("2.5"), Optional.of("2.4"))),
        key.differences(Map.of("model", "m", "torch", "2.4", "driver", "550")));
  }

  @Test
  void aNoteTellsTheKeyAgain() {
    CacheKey key = CacheKey.wide(Map.of("model", "Größe \"quoted\" \\ \ud83d\ude00"));
    byte[] note = KeyNote.of(key);
    assertEquals(Optional.of(key.name()), KeyNote.keyName(note));
    assertEquals(key.factors(), KeyNote.factors(note));
    for (String foreign :
        List.of("", "rubbish", "{\"a\":1}", "{\"a\":\"b\"", "{\"a\":\"\\u00zz\"}")) {
      byte[] bytes = foreign.getBytes(StandardCharsets.UTF_8);
      assertEquals(Optional.empty(), KeyNote.keyName(bytes));
      assertEquals(Map.of(), KeyNote.factors(bytes));
    }
  }
}
