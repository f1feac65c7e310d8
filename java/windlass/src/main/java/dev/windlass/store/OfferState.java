package dev.windlass.store;

/** What can be done with an {@link Offer} now. */
public enum OfferState {
  /** It is read; its memory does not change. */
  OFFERED,
  /** Nobody reads it; its memory may be changed, and is published then. */
  UPDATING,
  /**
   * A region that it lies in was paused: publish it once that has been resumed and filled again.
   */
  STALE
}
