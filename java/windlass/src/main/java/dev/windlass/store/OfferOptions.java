package dev.windlass.store;

import dev.windlass.memory.Region;
import java.time.Duration;
import java.util.List;

/**
 * How memory is offered.
 *
 * @param publish conditions and removals of the first publishing; its time limit has no meaning
 * @param regions in which the memory lies, or some of it: they are not paused while it is read, and
 *     their memory stays until the offer is closed
 * @param pauseTimeout how long the pause of such a region waits for readers before it is refused
 */
public record OfferOptions(PutOptions publish, List<Region> regions, Duration pauseTimeout) {
  private static final Duration PAUSE_TIMEOUT = Duration.ofSeconds(5);

  public OfferOptions {
    regions = List.copyOf(regions);
    if (pauseTimeout.isNegative()) {
      throw new IllegalArgumentException(
          "pauseTimeout is no time, or more; not " + pauseTimeout + ".");
    }
  }

  /** No conditions, no regions. */
  public static OfferOptions usual() {
    return new OfferOptions(PutOptions.usual(), List.of(), PAUSE_TIMEOUT);
  }

  public OfferOptions within(Region... those) {
    return new OfferOptions(publish, List.of(those), pauseTimeout);
  }

  public OfferOptions publishing(PutOptions how) {
    return new OfferOptions(how, regions, pauseTimeout);
  }

  public OfferOptions withPauseTimeout(Duration limit) {
    return new OfferOptions(publish, regions, limit);
  }
}
