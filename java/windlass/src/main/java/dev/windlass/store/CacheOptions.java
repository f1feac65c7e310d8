package dev.windlass.store;

import java.util.OptionalLong;

/**
 * What a cache of transport buffers may hold.
 *
 * @param limitBytes of all buffers; empty for a share of what the machine has available, looked up
 *     whenever the cache grows
 * @param limitEntries of all buffers
 * @param strict whether a value of another type or shape than the one before it is an error, {@link
 *     dev.windlass.Status#MISMATCH}, instead of being counted and given another buffer
 */
public record CacheOptions(OptionalLong limitBytes, int limitEntries, boolean strict) {
  public CacheOptions {
    if (limitBytes.isPresent() && limitBytes.getAsLong() < 0) {
      throw new IllegalArgumentException(
          "A cache cannot be limited to " + limitBytes.getAsLong() + " bytes.");
    }
    if (limitEntries <= 0) {
      throw new IllegalArgumentException(
          "A cache has room for more than " + limitEntries + " entries.");
    }
  }

  /** A quarter of what the machine has available, any number of entries, not strict. */
  public static CacheOptions usual() {
    return new CacheOptions(OptionalLong.empty(), Integer.MAX_VALUE, false);
  }

  public CacheOptions withLimitBytes(long bytes) {
    return new CacheOptions(OptionalLong.of(bytes), limitEntries, strict);
  }

  public CacheOptions withLimitEntries(int entries) {
    return new CacheOptions(limitBytes, entries, strict);
  }

  public CacheOptions withStrict(boolean choice) {
    return new CacheOptions(limitBytes, limitEntries, choice);
  }
}
