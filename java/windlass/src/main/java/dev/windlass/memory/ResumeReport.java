package dev.windlass.memory;

/**
 * What a resume did and how long it took.
 *
 * @param restoredBytes copied from the backup
 * @param takenBytes device memory taken
 * @param mapNs getting pages
 * @param copyNs restoring
 * @param releaseNs giving the backup's memory back
 * @param totalNs the whole call
 * @param generation the one that goes on
 */
public record ResumeReport(
    long restoredBytes,
    long takenBytes,
    long mapNs,
    long copyNs,
    long releaseNs,
    long totalNs,
    long generation) {}
