package dev.windlass.memory;

import java.util.List;

/**
 * What a call over many regions did.
 *
 * @param outcomes in the order in which the regions were opened
 * @param movedBytes saved or restored, together
 * @param deviceBytes of device memory given back or taken, together
 * @param totalNs the whole call
 */
public record SetReport<R>(
    List<RegionOutcome<R>> outcomes, long movedBytes, long deviceBytes, long totalNs) {

  public SetReport {
    outcomes = List.copyOf(outcomes);
  }

  /** At what rate bytes were moved, in units of 10⁹ bytes per second; 0 where none were. */
  public double gigabytesPerSecond() {
    return totalNs == 0 ? 0 : (double) movedBytes / totalNs;
  }
}
