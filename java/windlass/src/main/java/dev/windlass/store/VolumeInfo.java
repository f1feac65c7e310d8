package dev.windlass.store;

/**
 * A volume at one moment. Counts are since it was opened.
 *
 * @param heldBytes taken from the machine
 * @param usedBytes of these, published, being written or being read
 * @param valueBytes published
 * @param preparedSlots being written, or in reserve for the next put
 * @param orphanedSlots kept because the client that has them mapped may still touch them
 * @param refusals puts, for want of room
 * @param nonce tells it from the next volume at the same address
 */
public record VolumeInfo(
    long limitBytes,
    long heldBytes,
    long usedBytes,
    long valueBytes,
    long entries,
    long segments,
    long sessions,
    long leases,
    long preparedSlots,
    long orphanedSlots,
    long commits,
    long committedBytes,
    long acquires,
    long acquiredBytes,
    long misses,
    long removals,
    long evictions,
    long evictedBytes,
    long refusals,
    long nonce) {}
