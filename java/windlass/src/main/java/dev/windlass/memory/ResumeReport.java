package dev.windlass.memory;

/**
 * What a resume did and how long it took.
 *
 * @param restoredBytes copied from the backup
 * @param takenBytes device memory taken
 * @param mapNs getting pages
 * @param copyNs restoring
 * @param releaseNs giving the backup's memory back
 * @param totalNs the whole call; among many regions, from the call's start until this one was done
 * @param generation the one that goes on
 */
public record ResumeReport(
    long restoredBytes,
    long takenBytes,
    long mapNs,
    long copyNs,
    long releaseNs,
    long totalNs,
    long generation) {

  /** At what rate bytes were restored, in units of 10⁹ bytes per second; 0 where none were. */
  public double gigabytesPerSecond() {
    return totalNs == 0 ? 0 : (double) restoredBytes / totalNs;
  }
}
