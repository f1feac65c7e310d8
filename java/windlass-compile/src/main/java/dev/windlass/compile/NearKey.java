package dev.windlass.compile;

import java.util.List;
import java.util.Map;

/**
 * An archive of another key, compared with this environment's.
 *
 * @param factors of its key, as the archive tells them; none where it does not
 * @param differences in the factors' order; empty where the archive does not tell its factors
 */
public record NearKey(
    CacheEntry entry, Map<String, String> factors, List<FactorDifference> differences) {
  public NearKey {
    factors = Map.copyOf(factors);
    differences = List.copyOf(differences);
  }

  /** Whether the archive tells the factors of its key. */
  public boolean tellsFactors() {
    return !factors.isEmpty();
  }
}
