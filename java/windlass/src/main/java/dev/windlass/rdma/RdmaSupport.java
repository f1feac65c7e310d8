package dev.windlass.rdma;

import java.util.OptionalLong;

/**
 * Whether RDMA can be had on this machine.
 *
 * @param devices how many the kernel shows
 * @param reason what is missing, and what to do; empty where RDMA can be had
 * @param memoryLockBytes how much memory this process may lock, and so register; empty where there
 *     is no limit
 * @param peerMemory whether devices reach NVIDIA GPUs' memory by its address: {@code
 *     nvidia_peermem} is loaded
 */
public record RdmaSupport(
    int devices, String reason, OptionalLong memoryLockBytes, boolean peerMemory) {

  /** Looks, now. */
  public static RdmaSupport ofThisMachine() {
    return RdmaCalls.support();
  }

  /** Whether there is a device that can be opened, with a port that is active. */
  public boolean usable() {
    return reason.isEmpty();
  }
}
