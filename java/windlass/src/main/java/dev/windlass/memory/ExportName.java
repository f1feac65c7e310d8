package dev.windlass.memory;

/**
 * The name of exported pages: plain numbers, to be sent with the descriptors, and checked by the
 * owner when they come back. All are as in C, the unsigned ones with their bits.
 *
 * @param generation of the region, when it was exported
 * @param ownerNonce of the process and device that exported
 * @param pieces how many descriptors there are
 */
public record ExportName(
    long allocationId,
    long generation,
    long ownerNonce,
    long sizeBytes,
    int ownerPid,
    int pieces) {}
