package dev.windlass.memory;

/**
 * What a pause did and how long it took.
 *
 * @param savedBytes copied to the backup
 * @param freedBytes device memory that was really given back, as measured
 * @param drainNs waiting for work on the device
 * @param prepareNs getting room in the backup
 * @param copyNs saving; pages are given back meanwhile
 * @param settleNs until the backup had all of it for good
 * @param releaseNs giving back what was left after that
 * @param totalNs the whole call; among many regions, from the call's start until this one was done
 * @param generation the one that begins
 */
public record PauseReport(
    long savedBytes,
    long freedBytes,
    long drainNs,
    long prepareNs,
    long copyNs,
    long settleNs,
    long releaseNs,
    long totalNs,
    long generation) {

  /** At what rate bytes were saved, in units of 10⁹ bytes per second; 0 where none were. */
  public double gigabytesPerSecond() {
    return totalNs == 0 ? 0 : (double) savedBytes / totalNs;
  }
}
