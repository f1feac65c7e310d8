package dev.windlass.store;

import java.util.List;
import java.util.Locale;

/**
 * What putting or getting a state dict did.
 *
 * @param version that was published or read
 * @param tensors how many
 * @param bytes of all values, as they went over
 * @param attempts how often it was tried, since somebody else published meanwhile
 * @param phases of the attempt that succeeded
 */
public record StateDictReport(
    long version, int tensors, long bytes, int attempts, List<Phase> phases) {
  public StateDictReport {
    phases = List.copyOf(phases);
  }

  /**
   * A part of the work.
   *
   * @param bytes that it worked on; 0 where it is not about bytes
   */
  public record Phase(String name, long nanos, long bytes) {
    public double gigabytesPerSecond() {
      return Rate.gigabytesPerSecond(bytes, nanos);
    }

    /** As in {@code move 12.3 ms, 8.1 GB/s}. */
    @Override
    public String toString() {
      String time = String.format(Locale.ROOT, "%s %.1f ms", name, nanos / 1e6);
      return bytes == 0
          ? time
          : time + String.format(Locale.ROOT, ", %.1f GB/s", gigabytesPerSecond());
    }
  }

  public long totalNs() {
    return phases.stream().mapToLong(Phase::nanos).sum();
  }

  public double gigabytesPerSecond() {
    return Rate.gigabytesPerSecond(bytes, totalNs());
  }
}
