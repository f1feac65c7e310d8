package dev.windlass.store;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Whom a volume lets in where it listens.
 *
 * @param secret what clients over TCP prove to know, at least 16 bytes of UTF-8; needed elsewhere
 *     than on loopback
 * @param mostClients connections at once
 * @param slowTimeout a client that is in the middle of something, and does nothing for so long, is
 *     cut off
 */
public record ListenOptions(Optional<String> secret, int mostClients, Duration slowTimeout) {
  public ListenOptions {
    Objects.requireNonNull(secret, "secret");
    if (mostClients <= 0) {
      throw new IllegalArgumentException("A volume that listens has clients: not " + mostClients);
    }
    Durations.requirePositive(slowTimeout, "slowTimeout");
  }

  /** No secret, 4096 clients, 10 s. */
  public static ListenOptions usual() {
    return new ListenOptions(Optional.empty(), 4096, Duration.ofSeconds(10));
  }

  public ListenOptions withSecret(String text) {
    return new ListenOptions(Optional.of(text), mostClients, slowTimeout);
  }

  public ListenOptions withMostClients(int count) {
    return new ListenOptions(secret, count, slowTimeout);
  }

  public ListenOptions withSlowTimeout(Duration timeout) {
    return new ListenOptions(secret, mostClients, timeout);
  }

  /** Without the secret, since this gets into logs. */
  @Override
  public String toString() {
    return "ListenOptions[secret="
        + (secret.isPresent() ? "given" : "none")
        + ", mostClients="
        + mostClients
        + ", slowTimeout="
        + slowTimeout
        + "]";
  }
}
