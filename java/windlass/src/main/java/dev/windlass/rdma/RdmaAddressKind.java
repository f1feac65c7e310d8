package dev.windlass.rdma;

/** How packets from an address look on the wire. */
public enum RdmaAddressKind {
  INFINIBAND,
  /** In Ethernet frames, which no router passes on. */
  ROCE_V1,
  /** In UDP packets. It is taken first. */
  ROCE_V2
}
