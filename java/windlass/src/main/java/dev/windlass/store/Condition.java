package dev.windlass.store;

import java.util.Objects;

/**
 * What must be so at the instant of a put or get; else it is {@link dev.windlass.Status#CONFLICT}.
 *
 * @param version that the key must have; 0 if it must not exist
 */
public record Condition(String key, long version) {
  public Condition {
    Objects.requireNonNull(key, "key");
  }
}
