package dev.windlass.compile;

import java.util.LinkedHashMap;
import java.util.Map;

/** Factors of a key that somebody gives, as {@code name=value} with commas or line ends between. */
public final class GivenFactors {
  /** The environment variable that they are read from. */
  public static final String VARIABLE = "WINDLASS_COMPILE_FACTORS";

  private GivenFactors() {}

  static Map<String, String> of(Map<String, String> environment) {
    return parse(environment.getOrDefault(VARIABLE, ""));
  }

  /**
   * Reads factors. Where there is a line end, these are between them, and commas are letters as any
   * other. A factor without a value is one that is to be left out of the key.
   *
   * @throws CacheValidationException for what is no factor, or one given twice
   */
  public static Map<String, String> parse(String text) {
    Map<String, String> factors = new LinkedHashMap<>();
    for (String entry : text.split(text.contains("\n") ? "\n" : ",", -1)) {
      if (entry.isBlank()) {
        continue;
      }
      int equals = entry.indexOf('=');
      if (equals <= 0) {
        throw new CacheValidationException(
            "\"%s\" is no factor; write it like tensor_parallel_rank=0.".formatted(entry.strip()));
      }
      String name = entry.substring(0, equals).strip();
      if (factors.put(name, entry.substring(equals + 1).strip()) != null) {
        throw new CacheValidationException("The factor " + name + " is given twice.");
      }
    }
    return factors;
  }
}
