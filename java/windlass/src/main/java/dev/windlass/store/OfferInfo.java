package dev.windlass.store;

/**
 * An offer at one moment.
 *
 * @param version the last that it published; 0: only shards of sets that are not complete yet
 * @param values how many it has
 * @param bytes of all of them
 * @param published how often
 * @param readers leases on it now
 * @param takenBack leases that were taken back by force
 */
public record OfferInfo(
    OfferState state,
    long version,
    long values,
    long bytes,
    long published,
    long readers,
    long takenBack) {}
