package dev.windlass.compile;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * The state of the cache for this environment.
 *
 * @param environmentKey the key's name; empty where it cannot be told, and problem says why
 * @param localCacheExists whether the local directory is there and not empty
 * @param enabled whether the cache is switched on
 * @param sharedCacheExists whether there is an archive for the key; false if it is switched off
 * @param localCacheBytes of its files, where it exists
 * @param sharedCacheBytes of the archive, where it exists
 * @param problem what could not be told, and why
 */
public record CacheInfo(
    String environmentKey,
    boolean localCacheExists,
    boolean enabled,
    boolean sharedCacheExists,
    OptionalLong localCacheBytes,
    OptionalLong sharedCacheBytes,
    Optional<String> problem) {}
