package dev.windlass.memory;

/**
 * A page pool at one moment.
 *
 * @param heldBytes taken from the machine
 * @param lentBytes of these, in use by backups
 * @param grownOnLend how often a loan had to wait for fresh pages: prepare more if this grows
 * @param preparedBytes populated by {@link PagePool#prepare}, over the pool's life
 * @param pinnedBytes of those held, pinned for the copies of devices
 * @param lentUnpinnedBytes lent before they were pinned, over the pool's life: prepare and pin
 *     earlier if this grows
 * @param quarantinedBytes that could not be unpinned: the process keeps them until it ends
 */
public record PagePoolInfo(
    long limitBytes,
    long heldBytes,
    long lentBytes,
    long grownOnLend,
    long preparedBytes,
    long pinnedBytes,
    long lentUnpinnedBytes,
    long quarantinedBytes) {}
