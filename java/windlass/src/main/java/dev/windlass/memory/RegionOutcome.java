package dev.windlass.memory;

import dev.windlass.Status;
import java.util.Optional;

/**
 * What became of one region in a call over many.
 *
 * @param report what it did and how long it took; there if it is {@link Kind#DONE}
 * @param status OK if it is {@link Kind#DONE} or {@link Kind#SKIPPED}
 * @param message what went wrong; empty if nothing did
 */
public record RegionOutcome<R>(
    Region region, Kind kind, Optional<R> report, Status status, String message) {

  /** How it went. */
  public enum Kind {
    /** The call did not begin. */
    UNTOUCHED,
    DONE,
    /** Was in the new state already. */
    SKIPPED,
    /** Is as it was before. */
    UNDONE,
    /** Could not be brought back: it is PAUSED, with its bytes kept. */
    STRANDED
  }
}
