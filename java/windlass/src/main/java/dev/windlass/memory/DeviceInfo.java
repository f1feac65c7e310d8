package dev.windlass.memory;

/**
 * A device and its memory at one moment.
 *
 * @param granularityBytes regions take a multiple of this
 * @param freeBytes what a new region could have
 * @param usedBytes what this process's regions on the device take
 * @param hostAccessible whether {@link Region#segment()} works
 */
public record DeviceInfo(
    String name,
    long granularityBytes,
    long totalBytes,
    long freeBytes,
    long usedBytes,
    boolean hostAccessible) {}
