package dev.windlass.store;

import java.util.Objects;

/**
 * How a volume holds its values.
 *
 * @param limitBytes of memory for values; 0 for half of what the machine has available
 * @param eviction what happens when it is full
 * @param segmentBytes memory comes in pieces of so many, or of one larger value; 0 for the usual 64
 *     MiB
 * @param preparedBytes memory that is taken and populated before the first put
 */
public record VolumeOptions(
    long limitBytes, Eviction eviction, long segmentBytes, long preparedBytes) {
  public VolumeOptions {
    Objects.requireNonNull(eviction, "eviction");
    if (limitBytes < 0 || segmentBytes < 0 || preparedBytes < 0) {
      throw new IllegalArgumentException(
          "A volume's sizes cannot be negative: "
              + limitBytes
              + ", "
              + segmentBytes
              + ", "
              + preparedBytes
              + ".");
    }
  }

  /** Half of what the machine has available; refuses when full; nothing prepared. */
  public static VolumeOptions usual() {
    return new VolumeOptions(0, Eviction.NONE, 0, 0);
  }

  public VolumeOptions withLimitBytes(long bytes) {
    return new VolumeOptions(bytes, eviction, segmentBytes, preparedBytes);
  }

  public VolumeOptions withEviction(Eviction chosen) {
    return new VolumeOptions(limitBytes, chosen, segmentBytes, preparedBytes);
  }

  public VolumeOptions withSegmentBytes(long bytes) {
    return new VolumeOptions(limitBytes, eviction, bytes, preparedBytes);
  }

  public VolumeOptions withPreparedBytes(long bytes) {
    return new VolumeOptions(limitBytes, eviction, segmentBytes, bytes);
  }
}
