package dev.windlass.store;

/**
 * A store's connection at one moment.
 *
 * @param transport the one in use
 * @param reason why this one
 * @param volumeNonce tells the volume from the next one at the same address
 * @param connections made so far
 * @param mappedBytes handed out without a copy
 */
public record StoreInfo(
    Transport transport,
    String reason,
    long volumeNonce,
    long connections,
    long writtenBytes,
    long readBytes,
    long mappedBytes) {}
