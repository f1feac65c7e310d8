package dev.windlass.store;

import dev.windlass.store.StateDictReport.Phase;
import java.util.List;

/**
 * What a pull did.
 *
 * @param version the latest of its values
 * @param planned keys for which had to be worked out what to read from where
 * @param reused keys whose plan was still right
 * @param phases of the work: lease, plan, move
 */
public record PullReport(
    Transport transport, long version, long bytes, long planned, long reused, List<Phase> phases) {
  public PullReport {
    phases = List.copyOf(phases);
  }

  public long totalNs() {
    return phases.stream().mapToLong(Phase::nanos).sum();
  }

  public double gigabytesPerSecond() {
    return Rate.gigabytesPerSecond(bytes, totalNs());
  }
}
