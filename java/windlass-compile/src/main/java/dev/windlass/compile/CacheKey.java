package dev.windlass.compile;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The environment that an archive is for: named factors, and the name that is made of them.
 *
 * <p>All of what a compiled artifact depends on belongs in the factors, and nothing else: with too
 * few a server gets artifacts that do not fit, and with too many, such as a path in somebody's
 * home, it never gets any.
 *
 * @param factors by their names, sorted
 */
public record CacheKey(KeyForm form, SortedMap<String, String> factors) {
  private static final Pattern FACTOR_NAME = Pattern.compile("[a-z][a-z0-9_.-]{0,63}");
  private static final int MOST_VALUE_LETTERS = 512;
  private static final int MOST_FACTORS = 64;
  private static final int MOST_READABLE_LETTERS = 64;
  private static final int HASH_DIGITS = 16;

  /** Those that tell a reader most, in this order; the rest is in the hash. */
  private static final List<String> READABLE =
      List.of(
          FactorNames.MODEL,
          FactorNames.DEVICE_NAME,
          FactorNames.CPU_ARCHITECTURE,
          FactorNames.PLATFORM_SYSTEM);

  /**
   * Checks the factors.
   *
   * @throws CacheValidationException for none, or too many, or names or values that no key can have
   */
  public CacheKey {
    if (factors.isEmpty() || factors.size() > MOST_FACTORS) {
      throw new CacheValidationException(
          "A key has %d factors; it needs 1 to %d.".formatted(factors.size(), MOST_FACTORS));
    }
    factors.forEach(CacheKey::requireFactor);
    factors = Collections.unmodifiableSortedMap(new TreeMap<>(factors));
    if (form == KeyForm.ORIGINAL && !isNarrow(factors)) {
      throw new CacheValidationException(
          "The original's keys have GPU name and CUDA version, or architecture and platform, not "
              + factors.keySet()
              + ".");
    }
  }

  /** The key of a GPU: its name, such as NVIDIA GeForce RTX 4090, and CUDA's, such as 12.1. */
  public static CacheKey gpu(String name, String cudaVersion) {
    return of(
        KeyForm.NARROW,
        Map.of(FactorNames.DEVICE_NAME, name, FactorNames.CUDA_VERSION, cudaVersion));
  }

  /** The key of a machine without GPU: such as x86_64 and Linux. */
  public static CacheKey cpu(String architecture, String platform) {
    return of(
        KeyForm.NARROW,
        Map.of(FactorNames.CPU_ARCHITECTURE, architecture, FactorNames.PLATFORM_SYSTEM, platform));
  }

  /** A key of all these factors. */
  public static CacheKey wide(Map<String, String> factors) {
    return of(KeyForm.WIDE, factors);
  }

  public static CacheKey of(KeyForm form, Map<String, String> factors) {
    return new CacheKey(form, new TreeMap<>(factors));
  }

  /** The same factors, named as B10 Transfer names them. */
  public CacheKey asOriginal() {
    return new CacheKey(KeyForm.ORIGINAL, factors);
  }

  /** The name, which files are named after: letters, digits, dots, dashes and underscores. */
  public String name() {
    if (form == KeyForm.ORIGINAL) {
      return originalHash(factors);
    }
    return readable() + "-" + digits(form + "\n" + FlatJson.write(factors));
  }

  /** The name that B10 Transfer gives the same environment, if its keys have these factors. */
  public Optional<String> originalName() {
    return isNarrow(factors) ? Optional.of(originalHash(factors)) : Optional.empty();
  }

  /** The factors in which another key differs from this one. */
  List<FactorDifference> differences(Map<String, String> other) {
    return Stream.concat(factors.keySet().stream(), other.keySet().stream())
        .distinct()
        .sorted()
        .map(
            name ->
                new FactorDifference(
                    name,
                    Optional.ofNullable(factors.get(name)),
                    Optional.ofNullable(other.get(name))))
        .filter(difference -> !difference.wanted().equals(difference.found()))
        .toList();
  }

  private String readable() {
    String text =
        READABLE.stream()
            .map(name -> factors.get(name))
            .filter(value -> value != null)
            .map(CacheKey::plain)
            .filter(value -> !value.isEmpty())
            .collect(Collectors.joining("-"));
    String cuda = factors.get(FactorNames.CUDA_VERSION);
    if (cuda != null) {
      text += (text.isEmpty() ? "" : "-") + "cuda" + plain(cuda);
    }
    return text.isEmpty()
        ? "key"
        : text.substring(0, Math.min(text.length(), MOST_READABLE_LETTERS));
  }

  private static String plain(String value) {
    return value
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z0-9._]+", "-")
        .replaceAll("^[-.]+|[-.]+$", "");
  }

  private static boolean isNarrow(Map<String, String> factors) {
    return List.of(FactorNames.CUDA_VERSION, FactorNames.DEVICE_NAME)
            .equals(List.copyOf(factors.keySet()))
        || List.of(FactorNames.CPU_ARCHITECTURE, FactorNames.PLATFORM_SYSTEM)
            .equals(List.copyOf(factors.keySet()));
  }

  /** B10 Transfer hashes its factors as Python writes them; without a GPU it has one more. */
  private static String originalHash(Map<String, String> factors) {
    SortedMap<String, String> hashed = new TreeMap<>(factors);
    if (!factors.containsKey(FactorNames.DEVICE_NAME)) {
      hashed.put("device_type", "cpu");
    }
    return digits(FlatJson.write(hashed));
  }

  private static String digits(String text) {
    return Digests.sha256(text).substring(0, HASH_DIGITS);
  }

  private static void requireFactor(String name, String value) {
    if (!FACTOR_NAME.matcher(name).matches()) {
      throw new CacheValidationException(
          "\"%s\" cannot name a factor: use a small letter, then small letters, digits, _ . and -."
              .formatted(name));
    }
    boolean plain = value.chars().noneMatch(Character::isISOControl);
    if (value.isBlank() || value.length() > MOST_VALUE_LETTERS || !plain) {
      throw new CacheValidationException(
          "The factor %s needs a value of 1 to %d letters without control characters."
              .formatted(name, MOST_VALUE_LETTERS));
    }
  }
}
