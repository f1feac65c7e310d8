package dev.windlass.store;

/** How bytes get to a volume and back; the twin of {@code wl_transport}. */
public enum Transport {
  /**
   * Shared memory where the volume is on this host, else RDMA where both ends have it, else TCP.
   */
  AUTO(0),
  /** The volume is in this process. */
  LOCAL(1),
  /** Memory that both processes map. */
  SHM(2),
  TCP(3),
  /**
   * One-sided, by a device, between the caller's memory and the volume's; the volume listens at
   * TCP.
   */
  RDMA(4);

  private final int code;

  Transport(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Transport of(int code) {
    for (Transport transport : values()) {
      if (transport.code == code) {
        return transport;
      }
    }
    throw new IllegalArgumentException("No transport has the number " + code + ".");
  }
}
