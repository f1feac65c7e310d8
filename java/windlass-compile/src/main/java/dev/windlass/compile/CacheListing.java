package dev.windlass.compile;

import java.util.List;
import java.util.Optional;

/**
 * The archives in the shared directory.
 *
 * @param caches the newest first
 * @param currentEnvironment the name of this environment's key; empty where it cannot be told
 * @param currentCacheExists whether one of them is this environment's
 * @param enabled whether the cache is switched on; if not, none is listed
 * @param problem why some or all could not be listed
 */
public record CacheListing(
    List<CacheEntry> caches,
    String currentEnvironment,
    boolean currentCacheExists,
    boolean enabled,
    Optional<String> problem) {
  public CacheListing {
    caches = List.copyOf(caches);
  }

  public int totalCaches() {
    return caches.size();
  }
}
