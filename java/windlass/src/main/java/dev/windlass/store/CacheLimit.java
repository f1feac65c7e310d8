package dev.windlass.store;

import java.nio.file.Path;
import java.util.OptionalLong;

/** How many bytes a cache may take: a number, or a share of what the machine has available. */
final class CacheLimit {
  /** What of the available memory it is: one part in. */
  private static final int SHARE = 4;

  /** Reading the kernel's files takes time, so what they said holds for a while. */
  private static final long LOOK_UP_EVERY_NS = 100_000_000;

  private static final AvailableMemory MEMORY = new AvailableMemory(Path.of("/"));

  private final OptionalLong given;
  private long bytes;
  private long lookedUpNs;

  CacheLimit(OptionalLong given) {
    this.given = given;
    this.bytes = given.orElseGet(() -> MEMORY.bytes() / SHARE);
    this.lookedUpNs = System.nanoTime();
  }

  long bytes() {
    return bytes;
  }

  /** Has the machine looked at again; what the cache holds now is available to it. */
  void lookUp(long heldBytes) {
    long now = System.nanoTime();
    if (given.isEmpty() && now - lookedUpNs > LOOK_UP_EVERY_NS) {
      bytes = (MEMORY.bytes() + heldBytes) / SHARE;
      lookedUpNs = now;
    }
  }
}
