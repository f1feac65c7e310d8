package dev.windlass.compile;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Tells which writers are dead. On the host that the writer ran on that is certain at once.
 * Elsewhere it takes a watch: a record that did not change for ten of its own intervals, by this
 * process's monotonic clock and over several looks, is nobody's any more. Whether the times that
 * file systems and other hosts tell are right does not matter.
 *
 * <p>A writer that was only slow is taken for dead by this; it finds out before it publishes.
 * Confined to one thread.
 */
final class OwnerJudge {
  private static final int STALE_INTERVALS = 10;
  private static final int LEAST_PIECES = 4;
  private static final long MOST_MILLIS = TimeUnit.MINUTES.toMillis(10);

  private static final class Sighting {
    final String text;
    long lastLook;
    long watchedNanos;

    Sighting(String text, long now) {
      this.text = text;
      this.lastLook = now;
    }
  }

  private final SharedDirectory shared;
  private final Ticker ticker;
  private final Map<String, Sighting> sightings = new HashMap<>();

  OwnerJudge(SharedDirectory shared, Ticker ticker) {
    this.shared = shared;
    this.ticker = ticker;
  }

  /** Whether the writer is dead. One without a record has ended: it makes that first. */
  boolean isDead(String nonce) throws IOException {
    Optional<OwnerText> record = OwnerText.read(shared.owner(nonce));
    return record.isEmpty() || isDead(nonce, record.get());
  }

  /** The same, of a writer or of a torn record, by what was read. */
  boolean isDead(String name, OwnerText text) {
    ProcessIdentity.Life life =
        text.process().map(ProcessIdentity::life).orElse(ProcessIdentity.Life.UNKNOWN);
    return switch (life) {
      case ALIVE -> false;
      case DEAD -> true;
      case UNKNOWN -> isStale(name, text);
    };
  }

  private boolean isStale(String name, OwnerText text) {
    long now = ticker.nanoTime();
    long limit =
        TimeUnit.MILLISECONDS.toNanos(Math.min(MOST_MILLIS, STALE_INTERVALS * text.everyMillis()));
    Sighting seen = sightings.get(name);
    if (seen == null || !seen.text.equals(text.whole())) {
      seen = new Sighting(text.whole(), now);
      sightings.put(name, seen);
    }
    // A long time between two looks counts as a short one: all hosts may have slept meanwhile.
    seen.watchedNanos += Math.clamp(now - seen.lastLook, 0, limit / LEAST_PIECES);
    seen.lastLook = now;
    return seen.watchedNanos >= limit;
  }
}
