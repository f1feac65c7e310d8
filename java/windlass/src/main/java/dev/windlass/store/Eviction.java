package dev.windlass.store;

/** What happens to a put for which a volume has no room. */
public enum Eviction {
  /** It is refused with {@link dev.windlass.Status#NO_SPACE}. */
  NONE,
  /** What was not read for longest goes, save what is pinned or being read. */
  LRU
}
