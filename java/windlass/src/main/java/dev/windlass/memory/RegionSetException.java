package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.util.List;

/** A call over many regions changed none of them, but for those that its outcomes say it did. */
public final class RegionSetException extends WindlassException {
  private static final long serialVersionUID = 1;

  private final transient List<? extends RegionOutcome<?>> outcomes;

  RegionSetException(
      Status status, int systemCode, String message, List<? extends RegionOutcome<?>> outcomes) {
    super(status, systemCode, message);
    this.outcomes = List.copyOf(outcomes);
  }

  /** What became of each region. */
  public List<? extends RegionOutcome<?>> outcomes() {
    return outcomes;
  }
}
