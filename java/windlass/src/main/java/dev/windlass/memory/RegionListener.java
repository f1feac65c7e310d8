package dev.windlass.memory;

/**
 * Somebody who holds what was derived from a region's pages (a registration, a communicator, a
 * cache, an admission) and must give it up before they go.
 *
 * <p>Before a pause, the listeners are told in the reverse of the order in which they were added;
 * after a resume, in that order. They run in the thread that pauses or resumes, which has the
 * region to itself: they may use it, but must not wait for another thread that wants it.
 */
public interface RegionListener {

  /**
   * The pages are about to go. What this throws refuses: the region stays as it is, those told
   * before hear {@link #afterReturn}, and the pause throws a {@link dev.windlass.WindlassException}
   * of {@link dev.windlass.Status#STATE} with this as its cause.
   */
  default void beforePause(Region region) {}

  /** The region is paused. What this throws is logged. */
  default void afterPause(Region region, PauseReport report) {}

  /**
   * There are pages again, at the same address: after a resume, or after a pause that did not come
   * about. What this throws is logged.
   */
  default void afterReturn(Region region) {}
}
