package dev.windlass.store;

import dev.windlass.store.CacheEntries.EntryId;
import dev.windlass.store.CacheEntries.Spec;
import org.jspecify.annotations.Nullable;

/**
 * What a cache has lent to a put or a get.
 *
 * @param buffer null where it goes without one
 * @param receiver memory of the buffer's, for a get
 * @param fresh whether the buffer was made for this, so that it is in the cache only afterwards
 */
record Loan(
    EntryId id,
    TransportBuffers.Name name,
    Spec spec,
    @Nullable TransportBuffer buffer,
    TransportBuffer.@Nullable Receiver receiver,
    boolean fresh) {

  /** What became of what was lent. */
  enum Outcome {
    SUCCEEDED,
    FAILED,
    /** Its memory is in doubt. */
    DOUBTFUL
  }

  static Loan none(EntryId id, TransportBuffers.Name name, Spec spec) {
    return new Loan(id, name, spec, null, null, false);
  }
}
