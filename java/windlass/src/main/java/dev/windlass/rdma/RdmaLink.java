package dev.windlass.rdma;

/** What a port speaks. */
public enum RdmaLink {
  INFINIBAND,
  /** RDMA over Ethernet: RoCE. */
  ETHERNET
}
