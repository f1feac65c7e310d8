package dev.windlass.rdma;

import java.util.List;

/**
 * A port of a device.
 *
 * @param number from 1
 * @param state such as {@code ACTIVE} or {@code DOWN}
 * @param rate such as {@code 100 Gb/sec (4X EDR)}; may be empty
 */
public record RdmaPort(
    int number,
    RdmaLink link,
    boolean active,
    String state,
    String rate,
    List<RdmaAddress> addresses) {
  public RdmaPort {
    addresses = List.copyOf(addresses);
  }
}
