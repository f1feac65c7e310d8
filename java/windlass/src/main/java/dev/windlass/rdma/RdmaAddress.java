package dev.windlass.rdma;

/**
 * An address of a port: a GID.
 *
 * @param index in the port's table of GIDs
 * @param address such as {@code 10.77.0.1} or {@code fe80::1}
 * @param networkInterface such as {@code eth0}; may be empty
 */
public record RdmaAddress(
    int index, RdmaAddressKind kind, String address, String networkInterface) {}
