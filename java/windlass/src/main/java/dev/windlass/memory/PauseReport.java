package dev.windlass.memory;

/**
 * What a pause did and how long it took.
 *
 * @param savedBytes copied to the backup
 * @param freedBytes device memory that was really given back, as measured
 * @param drainNs waiting for work on the device
 * @param prepareNs getting room in the backup
 * @param copyNs saving
 * @param releaseNs giving pages back
 * @param totalNs the whole call
 * @param generation the one that begins
 */
public record PauseReport(
    long savedBytes,
    long freedBytes,
    long drainNs,
    long prepareNs,
    long copyNs,
    long releaseNs,
    long totalNs,
    long generation) {}
