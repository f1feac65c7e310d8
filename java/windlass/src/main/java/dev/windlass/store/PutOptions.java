package dev.windlass.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What else a put does, in the same instant.
 *
 * @param conditions that must hold, else nothing is published and it is CONFLICT
 * @param removals keys that go, if they are there
 * @param timeout empty for the store's
 */
public record PutOptions(
    List<Condition> conditions, List<String> removals, Optional<Duration> timeout) {
  public PutOptions {
    conditions = List.copyOf(conditions);
    removals = List.copyOf(removals);
    removals.forEach(Keys::require);
    conditions.forEach(condition -> Keys.require(condition.key()));
    timeout.ifPresent(time -> Durations.requirePositive(time, "timeout"));
  }

  /** Nothing else. */
  public static PutOptions usual() {
    return new PutOptions(List.of(), List.of(), Optional.empty());
  }

  /** Only if the key's version is this one. */
  public PutOptions onlyIf(String key, long version) {
    List<Condition> more = new ArrayList<>(conditions);
    more.add(new Condition(key, version));
    return new PutOptions(more, removals, timeout);
  }

  /** Only if there is no such key. */
  public PutOptions onlyIfAbsent(String key) {
    return onlyIf(key, 0);
  }

  public PutOptions removing(Collection<String> keys) {
    List<String> more = new ArrayList<>(removals);
    more.addAll(keys);
    return new PutOptions(conditions, more, timeout);
  }

  public PutOptions withTimeout(Duration limit) {
    return new PutOptions(conditions, removals, Optional.of(Objects.requireNonNull(limit)));
  }
}
