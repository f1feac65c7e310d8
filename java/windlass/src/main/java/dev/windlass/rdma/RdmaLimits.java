package dev.windlass.rdma;

/**
 * How much a device can, as it says itself. A kernel may allow less.
 *
 * @param mostRegistrationBytes of one registration
 * @param queuePairDepth how many transfers one queue pair takes at once
 */
public record RdmaLimits(
    long mostRegistrationBytes, long registrations, long queuePairs, long queuePairDepth) {}
