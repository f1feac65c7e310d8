package dev.windlass.compile;

import java.time.Instant;

/**
 * An archive in the shared directory.
 *
 * @param environmentKey the name of its key, from the file's name
 * @param isCurrentEnvironment whether that is this environment's key
 * @param createdTime when the file was written, by the clock of whoever keeps it
 */
public record CacheEntry(
    String filename,
    String environmentKey,
    long bytes,
    boolean isCurrentEnvironment,
    Instant createdTime) {}
