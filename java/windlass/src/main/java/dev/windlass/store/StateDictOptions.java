package dev.windlass.store;

import dev.windlass.tensor.DType;
import java.time.Duration;
import java.util.Optional;

/**
 * How a state dict is put or got.
 *
 * @param dtype that floating tensors are cast to on the way; others stay as they are. In place, a
 *     floating tensor is cast to what its target has if this is there, whatever it says
 * @param strict whether a dict that is read in place has exactly the keys of what is stored,
 *     instead of some of them
 * @param timeout for all of it, other writers' publishing included; empty for the store's
 */
public record StateDictOptions(Optional<DType> dtype, boolean strict, Optional<Duration> timeout) {
  public StateDictOptions {
    dtype.ifPresent(StateDictOptions::requireFloating);
    timeout.ifPresent(limit -> Durations.requirePositive(limit, "timeout"));
  }

  private static void requireFloating(DType dtype) {
    if (!dtype.isFloating()) {
      throw new IllegalArgumentException(
          "Floating tensors can be cast to floating types only, not to " + dtype + ".");
    }
  }

  /** No cast, strict, the store's time limit. */
  public static StateDictOptions usual() {
    return new StateDictOptions(Optional.empty(), true, Optional.empty());
  }

  public StateDictOptions withDtype(DType floating) {
    return new StateDictOptions(Optional.of(floating), strict, timeout);
  }

  public StateDictOptions withStrict(boolean choice) {
    return new StateDictOptions(dtype, choice, timeout);
  }

  public StateDictOptions withTimeout(Duration limit) {
    return new StateDictOptions(dtype, strict, Optional.of(limit));
  }
}
