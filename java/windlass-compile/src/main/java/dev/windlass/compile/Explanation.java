package dev.windlass.compile;

import java.util.List;

/**
 * Why a load would hit or miss.
 *
 * @param found whether there is an archive that a load would take
 * @param reason a sentence
 * @param nearest archives of other keys, those that differ least first
 */
public record Explanation(CacheKey key, boolean found, String reason, List<NearKey> nearest) {
  public Explanation {
    nearest = List.copyOf(nearest);
  }
}
