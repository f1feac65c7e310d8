package dev.windlass.memory;

import java.util.Optional;

/**
 * {@linkplain Preload Preloaded} memory at one moment.
 *
 * @param interposing {@code cudaMalloc} in the calling thread gives regions now
 * @param regions with the tag; so are the next five
 * @param paused of these
 * @param sizeBytes as asked for
 * @param mappedBytes on the devices
 * @param backupBytes host memory that backups hold
 * @param storedBytes in files
 * @param marginBytes see {@link Preload#setMargin}
 * @param failures allocations that were refused, and frees that failed, since the process began
 * @param lastFailure the last one's reason, which {@code cudaMalloc} cannot tell
 */
public record PreloadInfo(
    boolean interposing,
    long regions,
    long paused,
    long sizeBytes,
    long mappedBytes,
    long backupBytes,
    long storedBytes,
    long marginBytes,
    long failures,
    Optional<String> lastFailure) {}
