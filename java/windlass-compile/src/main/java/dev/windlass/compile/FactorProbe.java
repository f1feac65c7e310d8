package dev.windlass.compile;

import java.util.Map;

/** Finds out factors of a key on this machine. */
@FunctionalInterface
public interface FactorProbe {
  /**
   * The factors found, by their names of {@link FactorNames} or others. What is not there is left
   * out: a key with a factor and one without differ.
   *
   * @throws CacheException where something is there and cannot be told, so that a key without it
   *     would be too narrow
   */
  Map<String, String> factors();
}
