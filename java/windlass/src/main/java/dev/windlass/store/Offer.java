package dev.windlass.store;

import dev.windlass.WindlassException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Values that stay in their owner's memory, and are read from there, with no copy in between: what
 * {@link Volume#offer} makes. Readers get them as any other value.
 *
 * <p>While they are offered nobody changes the memory. {@link #update} sees to it that nobody reads
 * it, has it changed, and publishes it under the next version:
 *
 * <pre>{@code
 * try (Offer offer = volume.offer("model", weights)) {
 *   while (training) {
 *     offer.update(() -> step(weights));
 *   }
 * }
 * }</pre>
 *
 * <p>The memory must stay until the offer is closed: do not close its arena. Any thread may call;
 * calls that wait for readers block inside the library, so make them from platform threads.
 */
public final class Offer implements AutoCloseable {
  private static final Duration USUAL = Duration.ofSeconds(60);

  private final long handle;
  private final AtomicBoolean closed = new AtomicBoolean();

  @SuppressWarnings("unused") // keeps the memory of its values
  private final List<PutItem> items;

  Offer(long handle, List<PutItem> items) {
    this.handle = handle;
    this.items = items;
  }

  /** Waits up to a minute for readers, runs the change, and publishes. Returns the version. */
  public long update(Runnable change) {
    return update(USUAL, false, change);
  }

  /**
   * Waits for readers, runs the change, and publishes. If the change throws, nothing is published,
   * and readers wait for an update that succeeds.
   *
   * @param limit how long readers are waited for
   * @param force whether they are then turned away, with {@link dev.windlass.Status#STATE}; else it
   *     is TIMEOUT, and all is as it was
   * @return the version; 0 where shards of others are still missing
   */
  public long update(Duration limit, boolean force, Runnable change) {
    Objects.requireNonNull(change, "change");
    beginUpdate(limit, force);
    change.run();
    return publish();
  }

  /**
   * The first half of an update: once it returns, nobody reads the memory. Where an update has been
   * begun already, it does nothing.
   *
   * @throws WindlassException TIMEOUT where it is being read, naming who does; STATE where a region
   *     is paused
   */
  public void beginUpdate(Duration limit, boolean force) {
    OfferCalls.beginUpdate(handle, Durations.nanos(limit), force);
  }

  /**
   * The second half: offers the memory as it is now, also after a region has been resumed.
   *
   * @throws WindlassException STATE where no update was begun, or a region is paused
   */
  public long publish() {
    return OfferCalls.publish(handle);
  }

  public OfferInfo info() {
    return OfferCalls.info(handle);
  }

  /** Takes the values away; who reads them has a second to end. */
  @Override
  public void close() {
    close(Duration.ofSeconds(1));
  }

  /**
   * Takes the values away, and waits for their readers; after the limit they are turned away. Then
   * the memory is the caller's alone.
   */
  public void close(Duration limit) {
    if (!closed.getAndSet(true)) {
      OfferCalls.close(handle, Durations.nanos(limit));
    }
  }
}
