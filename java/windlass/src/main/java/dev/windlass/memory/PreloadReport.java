package dev.windlass.memory;

/**
 * What a pause or a resume of {@linkplain Preload preloaded} memory did.
 *
 * @param regions with the tag
 * @param done of these, paused or resumed by this call
 * @param skipped were there already
 * @param movedBytes copied to, or from, the backups
 * @param memoryBytes of the GPUs: really given back, as measured, or taken
 * @param totalNs the whole call
 */
public record PreloadReport(
    long regions, long done, long skipped, long movedBytes, long memoryBytes, long totalNs) {}
