package dev.windlass.store;

/**
 * What a cache of transport buffers has, and did since it was made. Each value that was put or got
 * with the cache is one of hits, misses, reallocations, busy or bypasses.
 *
 * @param entries that it has
 * @param bytes that its buffers take, at both ends
 * @param limitBytes that they may take, now
 * @param hits for which there was a buffer
 * @param misses for which one had to be made
 * @param reallocations for which the buffer was of another type, shape or size, and one was made in
 *     its place
 * @param busy that went without, since their buffer was in use
 * @param bypasses that went without, since their buffer would not fit the limits or could not be
 *     had
 * @param evictions of buffers that were not used for longest
 * @param quarantined buffers whose put failed in a way that leaves their memory in doubt: kept from
 *     use until their store is closed
 * @param registrationsSaved puts that found room in the volume ready: mapped, or registered
 */
public record CacheStatistics(
    int entries,
    long bytes,
    long limitBytes,
    long hits,
    long misses,
    long reallocations,
    long busy,
    long bypasses,
    long evictions,
    long quarantined,
    long registrationsSaved) {

  /** Of those that asked, how many found a buffer; 0 where none asked. */
  public double hitRate() {
    long asked = hits + misses + reallocations + busy + bypasses;
    return asked == 0 ? 0 : (double) hits / asked;
  }
}
