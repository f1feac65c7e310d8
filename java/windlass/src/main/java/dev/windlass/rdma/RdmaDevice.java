package dev.windlass.rdma;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An RDMA device of this machine.
 *
 * @param name such as {@code mlx5_0} or {@code rxe0}
 * @param firmware its version; may be empty
 * @param numaNode the node that it is near to; empty where it is of none, or not known
 * @param limits empty where it cannot be opened
 * @param reason why the store cannot use it, and what to do; empty where it can
 * @param dmabufReason why it does not register other devices' memory by dma-buf; empty where it
 *     does
 */
public record RdmaDevice(
    String name,
    String firmware,
    OptionalInt numaNode,
    List<RdmaPort> ports,
    Optional<RdmaLimits> limits,
    String reason,
    String dmabufReason) {
  public RdmaDevice {
    ports = List.copyOf(ports);
  }

  /** The devices that the kernel shows, by name, as they are now. */
  public static List<RdmaDevice> all() {
    return RdmaCalls.devices();
  }

  /** Whether it can be opened, and has a port that is active and has an address. */
  public boolean usable() {
    return reason.isEmpty();
  }

  /** Whether it registers other devices' memory, such as a GPU's, where it lies. */
  public boolean registersDmabuf() {
    return dmabufReason.isEmpty();
  }
}
