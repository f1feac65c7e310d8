package dev.windlass.store;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * How a store reaches its volume.
 *
 * @param transport the one to use; {@link Transport#AUTO} for the fastest there is
 * @param secret what the volume asks for over TCP
 * @param lanes connections that carry bytes over TCP; 0 for as many as pay
 * @param connectTimeout for a connection
 * @param callTimeout for each call
 */
public record StoreOptions(
    Transport transport,
    Optional<String> secret,
    int lanes,
    Duration connectTimeout,
    Duration callTimeout) {
  public StoreOptions {
    Objects.requireNonNull(transport, "transport");
    Objects.requireNonNull(secret, "secret");
    if (lanes < 0) {
      throw new IllegalArgumentException("A store cannot have " + lanes + " lanes.");
    }
    Durations.requirePositive(connectTimeout, "connectTimeout");
    Durations.requirePositive(callTimeout, "callTimeout");
  }

  /** The fastest transport, no secret, 5 s to connect, 60 s for a call. */
  public static StoreOptions usual() {
    return new StoreOptions(
        Transport.AUTO, Optional.empty(), 0, Duration.ofSeconds(5), Duration.ofSeconds(60));
  }

  public StoreOptions withTransport(Transport chosen) {
    return new StoreOptions(chosen, secret, lanes, connectTimeout, callTimeout);
  }

  public StoreOptions withSecret(String text) {
    return new StoreOptions(transport, Optional.of(text), lanes, connectTimeout, callTimeout);
  }

  public StoreOptions withLanes(int count) {
    return new StoreOptions(transport, secret, count, connectTimeout, callTimeout);
  }

  public StoreOptions withConnectTimeout(Duration timeout) {
    return new StoreOptions(transport, secret, lanes, timeout, callTimeout);
  }

  public StoreOptions withCallTimeout(Duration timeout) {
    return new StoreOptions(transport, secret, lanes, connectTimeout, timeout);
  }

  /** Without the secret, since this gets into logs. */
  @Override
  public String toString() {
    return "StoreOptions[transport="
        + transport
        + ", secret="
        + (secret.isPresent() ? "given" : "none")
        + ", lanes="
        + lanes
        + ", connectTimeout="
        + connectTimeout
        + ", callTimeout="
        + callTimeout
        + "]";
  }
}
