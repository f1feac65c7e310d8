package dev.windlass.store;

/**
 * What a put did.
 *
 * @param version of all its items; 0 where they were only shards of sets that are not complete yet
 * @param prepareNs getting room in the volume
 * @param moveNs moving the bytes there
 * @param commitNs publishing them
 * @param reused items for which a buffer had room ready
 */
public record PutReport(
    Transport transport,
    long version,
    long bytes,
    long prepareNs,
    long moveNs,
    long commitNs,
    long reused) {

  /** Bytes per second over all of it, in GB/s. */
  public double gigabytesPerSecond() {
    return Rate.gigabytesPerSecond(bytes, prepareNs + moveNs + commitNs);
  }
}
