package dev.windlass.compile;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A key as an archive's note tells it: an object with the form, the name and each factor. */
final class KeyNote {
  private static final String KEY = "windlass.key";
  private static final String FORM = "windlass.form";
  private static final String FACTOR = "factor.";

  private KeyNote() {}

  static byte[] of(CacheKey key) {
    SortedMap<String, String> note = new TreeMap<>();
    note.put(KEY, key.name());
    note.put(FORM, key.form().name());
    key.factors().forEach((name, value) -> note.put(FACTOR + name, value));
    return FlatJson.write(note).getBytes(StandardCharsets.UTF_8);
  }

  /** The name of the key, if it is such a note. */
  static Optional<String> keyName(byte[] note) {
    return Optional.ofNullable(members(note).get(KEY));
  }

  /** The factors; none if it is no such note. */
  static Map<String, String> factors(byte[] note) {
    Map<String, String> factors = new TreeMap<>();
    members(note)
        .forEach(
            (name, value) -> {
              if (name.startsWith(FACTOR)) {
                factors.put(name.substring(FACTOR.length()), value);
              }
            });
    return factors;
  }

  private static Map<String, String> members(byte[] note) {
    try {
      return FlatJson.read(new String(note, StandardCharsets.UTF_8));
    } catch (CacheValidationException foreign) {
      return Map.of();
    }
  }
}
